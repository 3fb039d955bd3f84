"""What a warehouse and its published versions say of a person: the build is removed, the versions are made anew."""

import json
import shutil
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import duckdb

from pipelines.warehouse.publish import READ_ONLY
from pipelines.warehouse.versions import only_publisher

DATABASE = "marts.duckdb"
STAGED = ".erasing"
TOLD = "told_signals.json"  # in the folder warehouse: which signals a webhook was told
KEPT = ("dbt_*.msgpack", TOLD)  # dbt's own, and which signals were told, but for those that name the person
REMOVED_PAGE = b"""<!doctype html><meta charset="utf-8"><title>Removed</title>
<p>This page showed rows of a person who was erased since. The next <code>codetrail check</code> makes it anew.</p>
"""
Without = Callable[[str, str], str]
"""What is left of a column's text without the person; the same text where it does not name them."""
Texts = dict[str, dict[str, dict[str, str]]]
"""By mart and column the texts that name the person, with what is left of each."""


def forget_build(root: Path, needles: Sequence[str]) -> int:
    """Removes the build and what was found in it; the next one is made of the lake. How many files went.

    Of the signals that a webhook was told those are forgotten that hold one of `needles`.
    """
    warehouse, count = root / "warehouse", 0
    for path in sorted(warehouse.iterdir()) if warehouse.is_dir() else ():
        if path.is_dir():
            count += sum(1 for file in path.rglob("*") if file.is_file())
            shutil.rmtree(path)
        elif not any(path.match(pattern) for pattern in KEPT):
            path.unlink()
            count += 1
    _forget_told(warehouse / TOLD, needles)
    return count


def _forget_told(file: Path, needles: Sequence[str]) -> None:
    if not file.is_file():
        return
    told, sought = json.loads(file.read_bytes()), [word.casefold() for word in needles]
    kept = {key: one for key, one in told.items() if not any(word in str(one).casefold() for word in sought)}
    if kept != told:
        staged = file.with_name(f"{file.name}{STAGED}")
        staged.write_text(json.dumps(kept), encoding="utf-8")
        staged.replace(file)


def naming_versions(root: Path, without: Without) -> list[Path]:
    """The published versions in which a mart names the person."""
    return [folder for folder in _versions(root) if _named(folder, without)]


def erase_published(root: Path, without: Without, needles: list[str]) -> int:
    """Writes every published version anew in which a mart names the person, without; how many those were.

    Its tables are copied into new files, since an old one keeps what was overwritten. A page of its documentation
    that holds one of `needles` says instead that it was removed.
    """
    if not _versions(root):
        return 0
    count = 0
    with only_publisher(root / "published"):
        for folder in _versions(root):
            if found := _named(folder, without):
                _write_anew(folder, found)
                count += 1
            _remove_pages(folder, needles)
    return count


def _versions(root: Path) -> list[Path]:
    return sorted(file.parent for file in (root / "published" / "versions").glob(f"[0-9]*/{DATABASE}"))


def _named(folder: Path, without: Without) -> Texts:
    found: Texts = {}
    with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
        columns = "select table_name, column_name from information_schema.columns where data_type = 'VARCHAR'"
        for mart, column in connection.sql(columns).fetchall():
            values = f'select distinct "{column}" from "{mart}" where "{column}" is not null'  # noqa: S608
            texts = [value for (value,) in connection.sql(values).fetchall()]
            if named := {text: left for text in texts if (left := without(column, text)) != text}:
                found.setdefault(mart, {})[column] = named
    return found


def _write_anew(folder: Path, found: Texts) -> None:
    staged = folder / f"{DATABASE}{STAGED}"
    staged.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {_quoted(folder / DATABASE)} as old (read_only)")
        connection.execute(f"attach {_quoted(staged)} as new")
        marts = "select table_name from duckdb_tables() where database_name = 'old' order by table_name"
        for (mart,) in connection.sql(marts).fetchall():
            shown = ", ".join(_shown(column, texts) for column, texts in found.get(mart, {}).items())
            replaced = f" replace ({shown})" if shown else ""
            connection.execute(f'create table new."{mart}" as select *{replaced} from old."{mart}"')  # noqa: S608
            if shown:
                parquet = folder / f"{mart}.parquet"
                partial = parquet.with_name(f"{parquet.name}{STAGED}")
                connection.table(f'new."{mart}"').write_parquet(str(partial), compression="zstd")
                partial.replace(parquet)
        connection.execute("detach old")
        connection.execute("detach new")
    staged.chmod(READ_ONLY)
    staged.replace(folder / DATABASE)


def _shown(column: str, texts: dict[str, str]) -> str:
    cases = " ".join(f"when {_text(text)} then {_text(left)}" for text, left in texts.items())
    return f'case "{column}" {cases} else "{column}" end as "{column}"'


def _remove_pages(folder: Path, needles: list[str]) -> None:
    sought = [form.encode() for needle in needles for form in {needle, escape(needle)}]
    for page in folder.rglob("*.html"):
        content = page.read_bytes()
        if any(needle in content for needle in sought):
            page.write_bytes(REMOVED_PAGE)


def _quoted(path: Path) -> str:
    return _text(str(path))


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
