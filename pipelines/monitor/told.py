"""Told: which signals the webhook's receiver knows of, kept in a file so that a restart tells none again."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from pipelines.failures import BadInput
from pipelines.rules.signals import Signal

FORGOTTEN = timedelta(days=30)  # after its end: no signal's key comes back so late


class ToldSignal(msgspec.Struct):
    """A signal that the receiver was told of, and when; `cleared_at` once it knows of the end."""

    signal: Signal
    raised_at: datetime
    cleared_at: datetime | None = None


class Told:
    """The told signals by their keys, in memory and in `file`, which only `save` writes."""

    def __init__(self, file: Path) -> None:
        """Reads `file` if it is there; raises BadInput if it cannot be read."""
        self._file = file
        self.signals: dict[str, ToldSignal] = {}
        try:
            self.signals = msgspec.json.decode(file.read_bytes(), type=dict[str, ToldSignal])
        except FileNotFoundError:
            pass
        except (OSError, msgspec.DecodeError) as error:
            raise BadInput(
                f"{file}, which says what the webhook was told, cannot be read ({error}): move it away; what holds "
                "now is told once more then"
            ) from error

    def end(self, key: str, now: datetime) -> None:
        """The receiver knows of its end: what it said, which may be of a person who was erased, is kept no longer."""
        told = self.signals[key]
        nameless = replace(told.signal, subject="", evidence="", advice="")
        self.signals[key] = ToldSignal(nameless, told.raised_at, cleared_at=now)

    def forget(self, now: datetime) -> None:
        """Lets go of those that were cleared 30 days before `now`."""
        self.signals = {
            key: told
            for key, told in self.signals.items()
            if told.cleared_at is None or now < told.cleared_at + FORGOTTEN
        }

    def save(self) -> None:
        """Puts the file in place as one; raises OSError, and leaves the last one then."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_name(f"{self._file.name}.partial")
        partial.write_bytes(msgspec.json.encode(self.signals))
        partial.replace(self._file)
