"""Counted: everything that was counted of a lake, kept up with it in a database of this process's own."""

import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import duckdb

from pipelines.live.arrivals import Arrivals
from pipelines.live.clicks import LiveClicks
from pipelines.live.orders import LiveOrders
from pipelines.rules.links import LinkAssignment
from pipelines.stores.lake import Lake

MEMORY = "4GB"  # at most: ten million clicks and a million orders take less than half of it
TIDY_AFTER = timedelta(minutes=5)


class Counted:
    """The tables of clicks, orders and arrivals, in memory and compressed; nobody else is locked by it.

    `timezones` of the campaigns: days are those of a campaign's own.

    One thread keeps it up; others may ask through `asking` meanwhile.
    """

    def __init__(
        self, lake: Lake, links: Sequence[LinkAssignment], timezones: Mapping[str, str], now: datetime
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="codetrail-monitor-")  # for what does not fit
        self.connection = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": self._folder.name})
        self.connection.execute("attach ':memory:' as counted (compress); use counted; set TimeZone = 'UTC'")
        self.connection.execute("create table timezones (campaign_id varchar, timezone varchar)")
        for one in timezones.items():
            self.connection.execute("insert into timezones values (?, ?)", one)
        self._lock = threading.Lock()
        self._parts = (
            LiveClicks(self.connection, lake, links),
            LiveOrders(self.connection, lake),
            Arrivals(self.connection, lake),
        )
        self.arrivals = self._parts[2]
        self._tidied_at = now

    def catch_up(self, now: datetime) -> bool:
        """Counts what the lake has since; whether there was anything. Raises OtherLake, LakeUnavailable."""
        with self._lock:
            is_new = [part.catch_up() for part in self._parts]
            if now - self._tidied_at > TIDY_AFTER:
                for part in self._parts:
                    part.tidy()
                self._tidied_at = now
        return any(is_new)

    @contextmanager
    def asking(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of the asker's own for one question, while nothing is counted: two threads cannot share one."""
        with self._lock, self.connection.cursor() as mine:
            mine.execute("use counted; set TimeZone = 'UTC'")
            yield mine

    def close(self) -> None:
        """Gives the memory back."""
        with self._lock:
            self.connection.close()
            self._folder.cleanup()
