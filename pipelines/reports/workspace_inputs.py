"""What a workspace has to run on: the hash key, reference data, topic files, a lake that fits."""

from collections.abc import Mapping
from pathlib import Path

from pipelines.failures import BadInput, LakeUnavailable
from pipelines.records import EVENTS
from pipelines.reports.diagnosis import Finding
from pipelines.reports.shown import size
from pipelines.rules.privacy import SHORTEST_KEY, Pseudonyms, redact_text
from pipelines.settings import Settings
from pipelines.stores.reference import load_reference
from pipelines.stores.registry import known_files, require_same_settings
from pipelines.stores.rulebook import rulebook
from pipelines.stores.tables import TABLES
from pipelines.stores.topics import topic_files
from pipelines.stores.workspace import Workspace

STAND_IN_KEY = bytes(SHORTEST_KEY)  # whether reference data is valid does not depend on the key
PRIVATE = 0o077  # permission bits of everybody else


def key(settings: Settings | None, environment: Mapping[str, str]) -> Finding:
    """Whether there is a key for the hashes of ids with personal data; never what it is, and none is made."""
    subject = "hash key"
    if settings is not None and settings.hash_key is not None:
        if len(settings.hash_key.get_secret_value().encode()) < SHORTEST_KEY:
            told = f"CODETRAIL_HASH_KEY is shorter than {SHORTEST_KEY} bytes"
            return Finding(subject, "missing", told, "set it to a long random text")
        return Finding(subject, "ok", "set by CODETRAIL_HASH_KEY or codetrail.toml")
    home = environment.get("XDG_CONFIG_HOME") or (
        str(Path(environment["HOME"]) / ".config") if environment.get("HOME") else None
    )
    if home is None:
        return Finding(
            subject, "warning", "no home folder to keep it in", "set CODETRAIL_HASH_KEY to a long random text"
        )
    file = Path(home) / "codetrail" / "hash.key"
    if not file.is_file():
        return Finding(subject, "ok", f"none yet; the first run makes one at {file}")
    if file.stat().st_size < SHORTEST_KEY:
        told = f"{file} is shorter than {SHORTEST_KEY} bytes"
        return Finding(subject, "missing", told, "restore it from a backup: with another key, known ids look new")
    if file.stat().st_mode & PRIVATE:
        return Finding(subject, "warning", f"{file} can be read by others", f"chmod 600 {file}")
    return Finding(subject, "ok", f"{file}, readable by you alone; keep a copy, known ids look new without it")


def reference(workspace: Workspace, settings: Settings | None) -> Finding:
    """Whether the reference data is valid as a run would find it."""
    subject = "reference data"
    try:
        redact_id = Pseudonyms(STAND_IN_KEY).redact_id
        found = load_reference(workspace.root / "reference", redact_id=redact_id, redact_text=redact_text)
        if settings is not None:
            rulebook(found, settings)
    except BadInput as problem:
        return Finding(subject, "missing", str(problem), "mend it as each line says; nothing was written")
    rows = {name: table.num_rows for name, table in found.tables.items() if table.num_rows}
    told = ", ".join(f"{count:,} {name}" for name, count in rows.items())
    if found.ignored:
        ignored = "; ".join(f"{table}: {', '.join(columns)}" for table, columns in found.ignored.items())
        return Finding(subject, "warning", f"{told}; columns that no schema names: {ignored}", "look at their spelling")
    return Finding(subject, "ok", told)


def topics(workspace: Workspace) -> Finding:
    """Whether every topic file can be read, and is still the one that was read before."""
    subject = "topics"
    try:
        files = topic_files(workspace.topics, known_files(workspace.lake))
        for file in files:
            with file.open() as stream:
                stream.read(1)
    except (BadInput, LakeUnavailable) as problem:
        return Finding(subject, "missing", str(problem), "mend it as it says, then run `codetrail doctor` again")
    except OSError as error:
        return Finding(subject, "missing", f"a topic file cannot be read: {error}", "mend the permissions, or the file")
    if not files:
        told = f"no event files in {workspace.topics}"
        step = f"put {', '.join(f'{topic}.ndjson' for topic in EVENTS)} there, or make some with `codetrail simulate`"
        return Finding(subject, "missing", told, step)
    stored = sum(file.path.stat().st_size for file in files)
    absent = [topic for topic in EVENTS if all(file.topic != topic for file in files)]
    without = f"; no {', '.join(absent)}, which counts as empty" if absent else ""
    return Finding(subject, "ok", f"{len(files)} files, {size(stored)}{without}")


def lake(workspace: Workspace, settings: Settings | None) -> Finding:
    """Whether every table of the lake opens, and was made under the settings of now."""
    found = workspace.lake
    present = [table for table in TABLES if found.exists(table)]
    try:
        for table in present:
            found.open(table)
        if settings is not None:
            require_same_settings(found, settings)
    except LakeUnavailable as problem:
        return Finding("lake", "missing", str(problem), "restore the folder from a backup, or remove it and run again")
    except BadInput as problem:
        return Finding("lake", "missing", str(problem), "set the settings back, or apply them with `codetrail restate`")
    if not present:
        return Finding("lake", "ok", "none yet: `codetrail run` makes it")
    return Finding("lake", "ok", f"{len(present)} tables; `codetrail status` says what is in them")
