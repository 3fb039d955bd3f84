"""The published versions of a workspace: numbered folders, of which the link `published/current` names one."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from pipelines.failures import BadInput

KEPT_VERSIONS = 3  # a reader that resolved the link before a swap can finish on the version that it opened
PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class Version:
    """What a published version holds, as in the `version.json` of its folder."""

    version: int
    published_at: datetime
    fingerprint: str  # of the build that it was made from
    as_of: datetime | None  # when the newest message arrived that is counted
    provisional_until: datetime | None  # None when every order is settled
    orders: int
    provisional_orders: int
    reporting_currency: str
    reporting_digits: int  # of its minor unit
    rows: dict[str, int]  # of each mart
    attributed_until: datetime | None = None  # when the newest revision of an order that is counted was computed
    net_revenue: Decimal | None = None  # of all orders, in units of the reporting currency


def current_version(root: Path) -> tuple[Path, Version]:
    """The folder of the version that is current now, and what it holds; the folder outlives the next two swaps.

    Raises BadInput when nothing has been published.
    """
    try:
        folder = (root / "published" / "current").resolve(strict=True)
        return folder, msgspec.json.decode((folder / "version.json").read_bytes(), type=Version)
    except FileNotFoundError as error:
        raise BadInput(f"nothing is published in {root}: run `codetrail build`, `check` and `publish` first") from error


def version_folder(root: Path, number: int) -> Path | None:
    """Where a published version lies, None once it was removed; it may be removed by the next swap but one."""
    folder = _folder(root / "published", number)
    return folder if folder.is_dir() else None


@contextmanager
def only_publisher(published: Path) -> Iterator[None]:
    """Holds `published` for one publisher, and removes what a killed one left; raises BadInput while another works."""
    versions = published / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    with (published / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadInput(f"another publish writes to {published} now: wait until it is done") from error
        if (versions / PARTIAL).exists():
            shutil.rmtree(versions / PARTIAL)
        yield


def next_number(published: Path) -> int:
    return max(_numbers(published), default=0) + 1


def stage(published: Path) -> Path:
    """A fresh folder for a version in the making; no reader looks there."""
    folder = published / "versions" / PARTIAL
    folder.mkdir()
    return folder


def swap(published: Path, number: int) -> None:
    """Makes the staged folder version `number` and points `current` at it: all on disk first, then one rename."""
    staged, final = published / "versions" / PARTIAL, _folder(published, number)
    for path in (*staged.iterdir(), staged):
        sync(path)
    staged.rename(final)
    sync(final.parent)
    link = published / f".current{PARTIAL}"
    link.unlink(missing_ok=True)
    link.symlink_to(final.relative_to(published.resolve()))
    link.replace(published / "current")
    sync(published)


def forget_old(published: Path) -> None:
    """Removes all but the last KEPT_VERSIONS versions; never the current one."""
    current = (published / "current").resolve()
    for number in sorted(_numbers(published))[:-KEPT_VERSIONS]:
        if _folder(published, number) != current:
            shutil.rmtree(_folder(published, number))


def _numbers(published: Path) -> list[int]:
    return [int(path.name) for path in (published / "versions").iterdir() if path.name.isdecimal()]


def _folder(published: Path, number: int) -> Path:
    return published.resolve() / "versions" / f"{number:06d}"


def sync(path: Path) -> None:
    """What was written to `path`, a file or a folder, is on disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
