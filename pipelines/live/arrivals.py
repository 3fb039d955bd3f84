"""Arrivals: when the newest messages arrived and occurred, and how many were rejected for which reason."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

import duckdb

from pipelines.live.news import News
from pipelines.stores.lake import Lake
from pipelines.stores.tables import LANDING

CREATE = (
    "create table arrivals (arrived_at timestamptz, occurred_at timestamptz)",
    'create table rejects (topic varchar, partition int, "offset" bigint, reason varchar)',
)
NEWEST = "insert into arrivals select max(ingested_at), max(occurred_at) from read_parquet($files)"
REJECTED = """
insert into rejects
select topic, partition, "offset", reason from read_parquet($files)
anti join rejects using (topic, partition, "offset")
"""
TIDY = """
create or replace table arrivals as
select max(arrived_at) as arrived_at, max(occurred_at) as occurred_at from arrivals
"""


class Arrivals:
    """The tables of CREATE in `connection`, kept up with the lake."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
        self._connection = connection
        self._news = {News(lake, topic): NEWEST for topic in LANDING} | {News(lake, "rejected_events"): REJECTED}
        for statement in CREATE:
            connection.execute(statement)

    def catch_up(self) -> bool:
        """Whether anything arrived since."""
        is_new = [news.read(partial(self._take, statement)) for news, statement in self._news.items()]
        return any(is_new)

    def tidy(self) -> None:
        """Keeps the newest instants alone."""
        self._connection.execute(TIDY)

    def newest(self) -> tuple[datetime | None, datetime | None]:
        """When the newest message arrived, and when the newest event occurred."""
        arrived_at, occurred_at = self._connection.execute(
            "select max(arrived_at), max(occurred_at) from arrivals"
        ).fetchall()[0]
        return arrived_at, occurred_at

    def rejected(self) -> Mapping[str, int]:
        """Rejected messages by reason, the most frequent first."""
        counted = "select reason, count(*) from rejects group by reason order by count(*) desc, reason"
        return dict(self._connection.execute(counted).fetchall())

    def _take(self, statement: str, files: list[str]) -> None:
        self._connection.execute(statement, {"files": files})
