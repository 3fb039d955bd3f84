"""Sending: how messages get onto their topic again, a file or Kafka's, and how they are found there after a kill."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from pipelines.failures import BadInput
from pipelines.stores import kafka_requeue
from pipelines.stores.kafka import spans
from pipelines.stores.kafka_connection import Connection
from pipelines.stores.releases import Rejected, Release
from pipelines.stores.topic_append import append_lines, digest_of, lines_since, size_of
from pipelines.stores.topics import KnownFile, TopicFile, topic_files

Target = tuple[int, int]
"""A partition of the message's topic, and an offset in it."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The bytes that go out in the place of a rejected message."""

    place: Rejected
    line: bytes

    @property
    def digest(self) -> str:
        return digest_of(self.line)


class Sending(Protocol):
    """One way onto the topics; messages go and come in the order in which they are given."""

    def line(self, payload: bytes) -> bytes:
        """The bytes of a message as they are sent."""
        ...

    def found(
        self, interrupted: Sequence[Release], taken: Collection[tuple[str, int | None, int | None]]
    ) -> Mapping[Rejected, Target]:
        """Where those stand that were sent after all, of what was begun; `taken` are others' places there."""
        ...

    def targets(self, messages: Sequence[Outgoing]) -> list[Target]:
        """Where each will go, and from where on to look for it."""
        ...

    def send(self, messages: Sequence[Outgoing], half_written: Collection[str]) -> list[Target]:
        """Sends them; where each stands now."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


class FileSending(AbstractContextManager["FileSending"]):
    """Appends to the last file of a topic. Raises BadInput and LakeUnavailable."""

    def __init__(self, folder: Path, known: Sequence[KnownFile]) -> None:
        self._files = topic_files(folder, known)

    def line(self, payload: bytes) -> bytes:
        return payload.replace(b"\n", b" ")  # in JSON a line end is never more than a space

    def found(
        self, interrupted: Sequence[Release], taken: Collection[tuple[str, int | None, int | None]]
    ) -> Mapping[Rejected, Target]:
        found: dict[Rejected, Target] = {}
        free = self._standing(interrupted)
        for one in interrupted:
            for offset in free.get((one.topic, one.new_partition, one.digest), ()):
                target = (one.topic, one.new_partition, offset)
                used = {(place[0], *at) for place, at in found.items()}
                if one.place not in found and offset >= (one.new_offset or 0) and target not in {*taken, *used}:
                    found[one.place] = (one.new_partition or 0, offset)
        return found

    def targets(self, messages: Sequence[Outgoing]) -> list[Target]:
        last = {topic: self._last(topic) for topic in dict.fromkeys(one.place[0] for one in messages)}
        ends = {topic: (file.partition, size_of(file)) for topic, file in last.items()}
        return [ends[one.place[0]] for one in messages]

    def send(self, messages: Sequence[Outgoing], half_written: Collection[str]) -> list[Target]:
        sent: dict[Rejected, Target] = {}
        for topic in dict.fromkeys(one.place[0] for one in messages):
            file, its = self._last(topic), [one for one in messages if one.place[0] == topic]
            offsets = append_lines(file, [one.line for one in its], half_written)
            sent |= {one.place: (file.partition, offset) for one, offset in zip(its, offsets, strict=True)}
        return [sent[one.place] for one in messages]

    def __exit__(self, *_: object) -> None:
        return None

    def _last(self, topic: str) -> TopicFile:
        files = [file for file in self._files if file.topic == topic]
        if not files:
            raise BadInput(f"there is no file of the topic {topic} to append to: put it back")
        return files[-1]

    def _standing(self, interrupted: Sequence[Release]) -> dict[tuple[str, int | None, str | None], list[int]]:
        """The offsets at which the lines stand, by topic, partition and digest."""
        found: dict[tuple[str, int | None, str | None], list[int]] = {}
        for file in self._files:
            its = [one for one in interrupted if (one.topic, one.new_partition) == (file.topic, file.partition)]
            if its:
                since = min(one.new_offset or 0 for one in its)
                for digest, offsets in lines_since(file, since, {one.digest or "" for one in its}).items():
                    found[file.topic, file.partition, digest] = offsets
        return found


class KafkaSending(AbstractContextManager["KafkaSending"]):
    """Sends to the partition that a message came from. Raises KafkaUnavailable."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._requeuing = kafka_requeue.Requeuing(connection, name)

    def line(self, payload: bytes) -> bytes:
        return payload

    def found(
        self,
        interrupted: Sequence[Release],
        taken: Collection[tuple[str, int | None, int | None]],  # noqa: ARG002 -- a mark is of one message alone
    ) -> Mapping[Rejected, Target]:
        since: dict[tuple[str, int], int] = {}
        for one in interrupted:
            place = (one.topic, one.new_partition or 0)
            since[place] = min(one.new_offset or 0, since.get(place, one.new_offset or 0))
        marked = self._requeuing.marked(since)
        places = {one.place for one in interrupted}
        return {place: marked[_mark(place)] for place in places if _mark(place) in marked}

    def targets(self, messages: Sequence[Outgoing]) -> list[Target]:
        wanted = sorted({one.place[:2] for one in messages})
        ends = {place: end for place, (_, end) in spans(self._connection, wanted, "read_uncommitted").items()}
        if missing := [place for place in wanted if place not in ends]:
            topic, partition = missing[0]
            raise BadInput(f"{self._connection.bootstrap_servers} has no {topic}/{partition} any more: make it again")
        return [(one.place[1], ends[one.place[:2]]) for one in messages]

    def send(self, messages: Sequence[Outgoing], half_written: Collection[str]) -> list[Target]:  # noqa: ARG002
        if not messages:
            return []
        sent = self._requeuing.send(
            [kafka_requeue.Outgoing(one.place[:2], _mark(one.place), one.line) for one in messages]
        )
        return [(one.place[1], offset) for one, offset in zip(messages, sent, strict=True)]

    def __exit__(self, *_: object) -> None:
        self._requeuing.close()


def _mark(place: Rejected) -> str:
    return "/".join(map(str, place))
