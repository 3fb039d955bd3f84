"""Quarantine: which rejected messages are meant, and what the job's own decoder would say of them once mended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import polars as pl

from pipelines.failures import BadInput
from pipelines.jobs.begin import World
from pipelines.records import EVENTS, Messages
from pipelines.rules.decoding import EPOCH
from pipelines.rules.framing import framed_as
from pipelines.rules.mending import Unmendable, lost_fields
from pipelines.schema_store import event_schema
from pipelines.stages.decode import BlockDecoder
from pipelines.stores.erasures import tombstones
from pipelines.stores.lake import Lake
from pipelines.stores.registry import known_files
from pipelines.stores.releases import Action, Rejected, releases, standing

LOST, UNMENDED, GONE = "lost_in_redaction", "mend_failed", "nothing_is_left"
"""Why a message cannot be sent, beside the decoder's reasons."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rejected messages: those at `places`, or else every open one that all of the rest holds for."""

    places: tuple[Rejected, ...] = ()
    reason: str | None = None
    step: str | None = None
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_empty(self) -> bool:
        return self == Selection()


@dataclass(frozen=True, slots=True)
class Trial:
    """A rejected message as it would be sent; `left` is why it would be rejected again, None if it passes.

    `standing` says what was done with it before; `is_counted_only` of a click that says no to being stored.
    """

    topic: str
    partition: int
    offset: int
    reason: str
    standing: Action | None
    left: str | None
    detail: str
    is_counted_only: bool
    payload: bytes

    @property
    def place(self) -> Rejected:
        return self.topic, self.partition, self.offset


class Correction(msgspec.Struct, forbid_unknown_fields=True):
    """One line of a file of corrections: the place of a rejected message, and the message as it should have been."""

    topic: str
    partition: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
    offset: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    payload: msgspec.Raw


def selected(lake: Lake, wanted: Selection) -> pl.DataFrame:
    """The rows of `rejected_events` that are meant, by place; of the filtered ones those that are open.

    Raises BadInput for a place at which nothing was rejected.
    """
    if not wanted.places:
        column = {"reason": wanted.reason, "step": wanted.step, "topic": wanted.topic}
        holds = [pl.col(name) == value for name, value in column.items() if value is not None]
        holds += [] if wanted.since is None else [pl.col("ingested_at") >= wanted.since]
        holds += [] if wanted.until is None else [pl.col("ingested_at") < wanted.until]
        rows = lake.read("rejected_events", None, reduce(and_, holds, pl.lit(value=True)))
        at = standing(releases(lake))
        closed = {place for place, action in at.items() if action is not Action.SENDING}
        keeps = [place not in closed for place in rows.select("topic", "partition", "offset").iter_rows()]
        return rows.filter(pl.Series(keeps, dtype=pl.Boolean)).sort("topic", "partition", "offset")
    topics = sorted({topic for topic, _, _ in wanted.places})
    rows = lake.read("rejected_events", None, pl.col("topic").is_in(topics))
    places = pl.DataFrame(
        list(set(wanted.places)),
        schema={"topic": pl.String, "partition": pl.Int32, "offset": pl.Int64},
        orient="row",
    )
    found = rows.join(places, on=["topic", "partition", "offset"], how="semi").sort("topic", "partition", "offset")
    missing = sorted(set(wanted.places) - set(found.select("topic", "partition", "offset").iter_rows()))
    if missing:
        raise BadInput(
            f"no message was rejected at {'/'.join(map(str, missing[0]))}: `codetrail quarantine list --all` shows the "
            "places of those that were"
        )
    return found


def corrections(file: Path) -> dict[Rejected, bytes]:
    """The messages that a file of corrections has for rejected ones; raises BadInput with file and line."""
    found: dict[Rejected, bytes] = {}
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            one = msgspec.json.decode(line, type=Correction)
            raw = bytes(one.payload)
            said = msgspec.json.decode(raw, type=str).encode() if raw.startswith(b'"') else raw
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadInput(
                f"{file}:{number}: {error}. Each line is an object of topic, partition, offset and payload: the "
                "corrected message, or its text"
            ) from error
        place = (one.topic, one.partition, one.offset)
        if place in found:
            raise BadInput(f"{file}:{number}: {'/'.join(map(str, place))} stands there twice; keep one of them")
        found[place] = said
    return found


def tried(
    world: World, wanted: Selection, mend: Callable[[bytes], bytes], corrected: Mapping[Rejected, bytes] | None = None
) -> list[Trial]:
    """Each message that is meant, mended or corrected, as the job would decode it now; writes nothing.

    What was sent again before is not tried.
    """
    lake = world.workspace.lake
    rows = selected(lake, wanted)
    at = standing(releases(lake))
    trials = []
    for row in rows.iter_rows(named=True):
        place = (row["topic"], row["partition"], row["offset"])
        if (stands := at.get(place)) is Action.REQUEUED:
            trials.append(Trial(*place, row["reason"], stands, None, "", False, row["payload"]))
            continue
        payload, left, detail = _mended(row, mend, None if corrected is None else corrected[place])
        trials.append(Trial(*place, row["reason"], stands, left, detail, False, payload))
    now = None if known_files(lake) else (world.now() - EPOCH) // timedelta(microseconds=1)
    return _decoded(world, trials, now)


def _mended(
    row: Mapping[str, Any], mend: Callable[[bytes], bytes], correction: bytes | None
) -> tuple[bytes, str | None, str]:
    """What would be sent, and why it cannot be."""
    if correction is not None:
        return framed_as(row["payload"], correction), None, ""
    stored: bytes = row["payload"]
    if not stored and row["step"] != "decode":
        return b"", GONE, "the lake never had these messages: send them anew, or give one in a file of corrections"
    try:
        payload = mend(stored)
    except Unmendable as error:
        return stored, UNMENDED, str(error)
    if lost := lost_fields(payload, event_schema(EVENTS[row["topic"]])["properties"]):
        detail = (
            f"{', '.join(lost)}: an address was taken out before the message was stored, and it would not be the same "
            "one again. Give the corrected message with --file, or leave the field out with --mend"
        )
        return payload, LOST, detail
    return payload, None, ""


def _decoded(world: World, trials: Sequence[Trial], sent_at: int | None) -> list[Trial]:
    """The trials in their order, each that could be sent with the decoder's verdict."""
    verdicts: dict[Rejected, dict[str, Any]] = {}
    for topic in dict.fromkeys(trial.topic for trial in trials):
        sent = [trial for trial in trials if trial.topic == topic and _is_to_decode(trial)]
        verdicts |= _verdicts(world, topic, sent, sent_at)
    return [replace(trial, **verdicts[trial.place]) if _is_to_decode(trial) else trial for trial in trials]


def _is_to_decode(trial: Trial) -> bool:
    return trial.left is None and trial.standing is not Action.REQUEUED


def _verdicts(world: World, topic: str, sent: Sequence[Trial], sent_at: int | None) -> dict[Rejected, dict[str, Any]]:
    count = len(sent)
    times = None if sent_at is None else [sent_at] * count
    block = Messages(topic, 0, 0, count, list(range(count)), [trial.payload for trial in sent], times)
    settings, erased = world.settings, tombstones(world.workspace.lake)
    decoded = BlockDecoder(topic, world.hash_key, settings.shards, settings.hashed, erased).decode(block)
    unstored = set(np.asarray(decoded.unconsented).tolist())
    verdicts: dict[Rejected, dict[str, Any]] = {
        trial.place: {"is_counted_only": at in unstored} for at, trial in enumerate(sent)
    }
    for at, reason, detail in decoded.rejected.select("offset", "reason", "detail").iter_rows():
        verdicts[sent[at].place] |= {"left": reason, "detail": detail}
    return verdicts
