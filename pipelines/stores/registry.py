"""The registry: what a lake remembers of its inputs, the topic files and the reference versions."""

import json
from collections.abc import Iterable
from datetime import datetime

import polars as pl

from pipelines.failures import BadInput
from pipelines.settings import Settings
from pipelines.stores.lake import Lake
from pipelines.stores.tables import LANDING, REFERENCE_VERSIONS, TOPIC_FILES
from pipelines.stores.topics import KnownFile, TopicFile


def known_files(lake: Lake) -> list[KnownFile]:
    """Every topic file that was ever read, as of the last run that ended."""
    if not lake.exists("topic_files"):
        return []
    rows = lake.read("topic_files").sort("offset").unique(["topic", "partition"], keep="last")
    columns = ("topic", "partition", "file", "offset", "fingerprint")
    return [KnownFile(*row) for row in rows.select(columns).iter_rows()]


def remember_files(lake: Lake, files: Iterable[tuple[TopicFile, int]], seen_at: datetime, epoch: int) -> None:
    """Records files with the offset up to which each was read: from now on each keeps its partition."""
    before = {(k.topic, k.partition): k.offset for k in known_files(lake)}
    rows = [
        (file.topic, file.partition, file.file, seen_at, offset, file.fingerprint(offset) or "")
        for file, offset in files
        if before.get((file.topic, file.partition)) != offset
    ]
    if rows:
        frame = pl.DataFrame(rows, schema=pl.Schema(TOPIC_FILES), orient="row")
        lake.append("topic_files", frame.to_arrow().cast(TOPIC_FILES), {}, epoch)


def require_fed_by_files(lake: Lake) -> None:
    """Raises BadInput if the lake was read from Kafka: offsets of files would mean other messages."""
    if not known_files(lake) and any(lake.rows(table) for table in (*LANDING, "rejected_events")):
        raise BadInput(
            f"{lake.root} was read from Kafka: go on with --source kafka, or give the topic files a workspace of "
            "their own"
        )


def require_fed_by_kafka(lake: Lake) -> None:
    """Raises BadInput if the lake was read from topic files: Kafka's offsets would mean other messages."""
    if files := known_files(lake):
        raise BadInput(
            f"{lake.root} was read from topic files ({files[0].file} and others): go on with --source topics, or give "
            "Kafka a workspace of its own"
        )


def require_same_settings(lake: Lake, settings: Settings) -> None:
    """Raises BadInput if the lake was made under other settings that decide."""
    rows = _versions(lake)
    if rows.height and (made_with := rows["settings"][-1]) != settings.deciding():
        raise BadInput(
            f"the lake was made with {made_with}, but the settings are now {settings.deciding()}. Set them back, or "
            "apply the new ones to every order with `codetrail restate` (`shards` never changes)"
        )


def require_same_shards(lake: Lake, settings: Settings) -> None:
    """Raises BadInput if the lake was made with another number of shards, which nothing can change."""
    rows = _versions(lake)
    if rows.height and (shards := json.loads(rows["settings"][-1])["shards"]) != settings.shards:
        raise BadInput(
            f"the lake was made with {shards} shards, but the setting is now {settings.shards}: set it back; "
            "`shards` never changes"
        )


def remember_version(lake: Lake, version: str, settings: Settings, recorded_at: datetime, epoch: int) -> None:
    """Records the reference version that a run uses, if the last one used another."""
    rows = _versions(lake)
    if rows.height and rows["reference_version"][-1] == version:
        return
    row = pl.DataFrame(
        [(version, recorded_at, settings.deciding())], schema=pl.Schema(REFERENCE_VERSIONS), orient="row"
    )
    lake.append("reference_versions", row.to_arrow().cast(REFERENCE_VERSIONS), {}, epoch)


def _versions(lake: Lake) -> pl.DataFrame:
    if not lake.exists("reference_versions"):
        return pl.DataFrame(schema=pl.Schema(REFERENCE_VERSIONS))
    return lake.read("reference_versions").sort("recorded_at")
