"""Requeue: mended messages onto their topic again, each once whatever is killed meanwhile; or dropped for good."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.jobs.begin import World
from pipelines.jobs.quarantine import Trial
from pipelines.jobs.sending import FileSending, KafkaSending, Outgoing, Sending
from pipelines.rules.privacy import redact_text
from pipelines.stores.kafka_connection import connection_of
from pipelines.stores.registry import known_files
from pipelines.stores.releases import TABLE, Action, Rejected, Release, alone, record, releases, standing


@dataclass(frozen=True, slots=True)
class Requeued:
    """What a requeue did: `sent` by it, `found` sent by an earlier one that was killed, `before`: already there."""

    sent: tuple[Release, ...]
    found: tuple[Release, ...]
    before: int


def requeue(world: World, trials: Sequence[Trial], mend: str | None, note: str | None) -> Requeued:
    """Sends the trials that pass, in the order of their places, those of one topic together.

    What is to be sent is in the lake before it is sent, with where to look for it; so whoever comes after a kill
    looks there first, and sends what is not there. Raises BadInput, LakeUnavailable and KafkaUnavailable: then
    nothing is lost and nothing is sent twice by doing it again.
    """
    lake = world.workspace.lake
    with alone(lake), _sending(world) as sending:
        done = releases(lake)
        at = standing(done)
        interrupted = [one for one in done if one.action is Action.SENDING and at[one.place] is Action.SENDING]
        found = _found(world, sending, interrupted, done)
        passed = [trial for trial in trials if trial.left is None]
        there = {place for place, action in at.items() if action is Action.REQUEUED} | {one.place for one in found}
        outgoing = [Outgoing(trial.place, sending.line(trial.payload)) for trial in passed if trial.place not in there]
        begun = [
            Release(*one.place, Action.SENDING, world.now(), world.user, _told(mend), _told(note), *target, one.digest)
            for one, target in zip(outgoing, sending.targets(outgoing), strict=True)
        ]
        record(lake, begun)
        new = sending.send(outgoing, {one.digest or "" for one in interrupted})
        sent = [
            replace(one, action=Action.REQUEUED, released_at=world.now(), new_partition=partition, new_offset=offset)
            for one, (partition, offset) in zip(begun, new, strict=True)
        ]
        record(lake, sent)
    mine = {trial.place for trial in passed}
    return Requeued(
        tuple(sent),
        tuple(one for one in found if one.place in mine),
        len(passed) - len(sent) - len(mine & _places(found)),
    )


def drop(world: World, places: Sequence[Rejected], note: str) -> list[Release]:
    """Marks the open ones of these messages as dropped; the rows stay. One that is being sent is left to `requeue`."""
    lake = world.workspace.lake
    with alone(lake):
        at = standing(releases(lake))
        dropped = [
            Release(*place, Action.DROPPED, world.now(), world.user, None, _told(note))
            for place in places
            if place not in at
        ]
        record(lake, dropped)
    return dropped


def _sending(world: World) -> Sending:
    lake = world.workspace.lake
    if known := known_files(lake):
        return FileSending(world.workspace.topics, known)
    return KafkaSending(connection_of(world.settings), f"codetrail-quarantine-{lake.at_hand(TABLE).table_id}")


def _found(world: World, sending: Sending, interrupted: Sequence[Release], done: Sequence[Release]) -> list[Release]:
    """What an earlier requeue had sent before it was killed, written down now."""
    taken = {(one.topic, one.new_partition, one.new_offset) for one in done if one.action is Action.REQUEUED}
    where = sending.found(interrupted, taken) if interrupted else {}
    last = {one.place: one for one in interrupted}
    found = [
        replace(last[place], action=Action.REQUEUED, released_at=world.now(), new_partition=at[0], new_offset=at[1])
        for place, at in where.items()
    ]
    record(world.workspace.lake, found)
    return found


def _places(done: Sequence[Release]) -> set[Rejected]:
    return {one.place for one in done}


def _told(text: str | None) -> str | None:
    return None if text is None else redact_text(text)
