"""Naming: under which names a lake knows people, by which key: kept beside its tables, since no other fits them."""

import json
from pathlib import Path

from pipelines.failures import BadInput, LakeUnavailable
from pipelines.stores.lake import Lake

FILE = "_names.json"
AS_SENT = "none"


def require_same_names(lake: Lake, pseudonymise: str, fingerprint: str) -> None:
    """Raises BadInput if the lake's ids are of another key, or other ids of it are hashed."""
    made = _recorded(lake)
    if made is None:
        if pseudonymise != AS_SENT and lake.rows("orders"):
            raise BadInput(
                f"{lake.root} was made before ids were hashed, and knows customers as they were sent: set "
                f"pseudonymise = {AS_SENT!r} in codetrail.toml, or read the events into a new workspace"
            )
        return
    if made["pseudonymise"] != pseudonymise:
        raise BadInput(
            f"{lake.root} was made with pseudonymise = {made['pseudonymise']!r}, but it is now {pseudonymise!r}: its "
            "ids would no longer be those of new events. Set it back, or read the events into a new workspace"
        )
    if made["key"] != fingerprint:
        raise BadInput(
            f"{lake.root} was made with another hash key (of fingerprint {made['key']}; this one's is {fingerprint}): "
            "people that it knows would look new. Give back that key, as CODETRAIL_HASH_KEY or as codetrail/hash.key "
            "in the user's configuration folder; if it is lost, read the events into a new workspace (docs/privacy.md)"
        )


def remember_names(lake: Lake, pseudonymise: str, fingerprint: str) -> None:
    """Records them for a lake that has none yet, whole or not at all; raises LakeUnavailable."""
    if _recorded(lake) is not None:
        return
    staged = lake.root / f"{FILE}.tmp"
    try:
        staged.write_text(json.dumps({"pseudonymise": pseudonymise, "key": fingerprint}) + "\n", encoding="utf-8")
        staged.replace(lake.root / FILE)
    except OSError as error:
        raise LakeUnavailable(f"{lake.root / FILE} cannot be written ({error}): free space, then run again") from error


def _recorded(lake: Lake) -> dict[str, str] | None:
    file: Path = lake.root / FILE
    try:
        found: dict[str, str] = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LakeUnavailable(f"{file} cannot be read ({error}): restore it from a backup of the lake") from error
    return found
