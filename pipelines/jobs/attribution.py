"""The job: messages in, credited orders in the lake out; the same for a file, a topic, a minute or a year."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import apache_beam as beam

from pipelines.engines import Build
from pipelines.stages.attribute import Attribute
from pipelines.stages.commit import Commit, Revisions
from pipelines.stages.decode import Decode
from pipelines.stages.land import Land
from pipelines.stages.reject import Reject
from pipelines.stages.resolve import Resolve
from pipelines.stores.dead_letters import DeadLetterTopic
from pipelines.stores.lake import Lake
from pipelines.stores.rulebook import Rulebook


@dataclass(frozen=True)
class Run:
    """What one run of the job is given: its lake and epoch, its rules, and the world outside as arguments.

    `keep`: how far behind the watermark events stay in memory, in microseconds. An endless run lets go of older ones.
    `lanes`: among how many keys its work is divided. `landed_before` are the versions of the landing tables when it
    began, `through_before` the offsets that were attributed by then. `hashed` are the fields whose ids are stored as
    keyed hashes, `erased` the tombstones of people that were erased.
    """

    lake: Lake
    epoch: int
    book: Rulebook
    revisions: Revisions
    shards: int
    hash_key: bytes
    keep: int
    landed_before: dict[str, int] | None
    now: Callable[[], datetime]
    new_token: Callable[[], str]
    is_endless: bool = False
    dead_letters: DeadLetterTopic | None = None
    lanes: int = 1
    through_before: dict[str, int] | None = None
    hashed: tuple[str, ...] = ()
    erased: frozenset[str] = frozenset()

    @property
    def attribute(self) -> Attribute:
        rules, links = self.book.rules, self.book.links
        now = self.now if self.is_endless else None
        before, lanes = self.landed_before, self.lanes
        return Attribute(self.lake, rules, links, self.shards, self.new_token, self.keep, before, now, lanes)

    @property
    def commit(self) -> Commit:
        now, revisions, token = self.now, self.revisions, self.new_token
        return Commit(self.lake, self.epoch, now, revisions, token, self.keep, self.is_endless, self.through_before)


def attribution(messages: beam.PTransform, run: Run) -> Build:
    """The pipeline over a source of `Messages`, bounded or not; no stage waits for a watermark or a timer."""

    def build(p: beam.Pipeline) -> None:
        decoded = p | "Read" >> messages | "Decode" >> Decode(run.hash_key, run.shards, run.hashed, run.erased)
        passed = decoded | "Reject" >> Reject(run.lake, run.epoch, run.now, run.dead_letters)
        landed = passed | "Land" >> Land(run.lake, run.epoch, run.now, run.new_token)
        resolved = landed | "Resolve" >> Resolve(run.book.links)
        attributed = resolved | "Attribute" >> run.attribute
        attributed | "Commit" >> run.commit

    return build
