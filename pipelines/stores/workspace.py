"""A workspace: one folder with the inputs, the lake and what is published of it."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipelines.failures import BadInput, LakeUnavailable
from pipelines.rules.privacy import PSEUDONYMISED, SHORTEST_KEY, Pseudonyms, redact_text
from pipelines.settings import Settings
from pipelines.stores.lake import Lake
from pipelines.stores.naming import require_same_names
from pipelines.stores.reference import Reference, load_reference


@dataclass(frozen=True)
class Workspace:
    """The folders below `root`."""

    root: Path

    @property
    def topics(self) -> Path:
        return self.root / "topics"

    @property
    def lake(self) -> Lake:
        return Lake(self.root / "lake")

    @property
    def settings_file(self) -> Path:
        return self.root / "codetrail.toml"

    def reference(self, hash_key: bytes, settings: Settings | None = None) -> Reference:
        """The reference data, redacted like the events that it is compared with; by default of a workspace as it comes.

        Raises BadInput, also where the lake knows people by other names: of another key, or another `pseudonymise`.
        """
        pseudonymise = "customers" if settings is None else settings.pseudonymise
        pseudonyms = Pseudonyms(hash_key, PSEUDONYMISED[pseudonymise])
        require_same_names(self.lake, pseudonymise, pseudonyms.fingerprint())
        return load_reference(
            self.root / "reference",
            redact_id=pseudonyms.redact_id,
            redact_text=redact_text,
            name_customer=partial(pseudonyms.stored, "customer_id"),
        )


def hash_key(settings: Settings, config_home: Path) -> bytes:
    """The key of the hashes that stand for ids with personal data: the setting's, else this user's own.

    The user's key is made once, outside every workspace, so that whoever has the data does not have the key.
    """
    if settings.hash_key is not None:
        key = settings.hash_key.get_secret_value().encode()
        if len(key) < SHORTEST_KEY:
            raise BadInput(f"CODETRAIL_HASH_KEY is shorter than {SHORTEST_KEY} bytes: give a long random text")
        return key
    file = config_home / "codetrail" / "hash.key"
    try:
        if not file.exists():
            _make_key(file)
        return file.read_bytes()
    except OSError as error:
        raise LakeUnavailable(
            f"{file} cannot be made or read ({error}): set CODETRAIL_HASH_KEY to a long random text"
        ) from error


def _make_key(file: Path) -> None:
    """A random key, whole or not at all; if another process was first, its key is the key."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}")
    try:
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)


def config_home() -> Path:
    """Where this user's own configuration lives."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
