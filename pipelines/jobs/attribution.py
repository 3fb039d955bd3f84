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

    @property
    def attribute(self) -> Attribute:
        rules, links = self.book.rules, self.book.links
        now = self.now if self.is_endless else None
        return Attribute(self.lake, rules, links, self.shards, self.new_token, self.keep, self.landed_before, now)

    @property
    def commit(self) -> Commit:
        return Commit(self.lake, self.epoch, self.now, self.revisions, self.new_token, self.keep, self.is_endless)


def attribution(messages: beam.PTransform, run: Run) -> Build:
    """The pipeline over a source of `Messages`, bounded or not; no stage waits for a watermark or a timer."""

    def build(p: beam.Pipeline) -> None:
        decoded = p | "Read" >> messages | "Decode" >> Decode(run.hash_key, run.shards)
        passed = decoded | "Reject" >> Reject(run.lake, run.epoch, run.now, run.dead_letters)
        landed = passed | "Land" >> Land(run.lake, run.epoch, run.now, run.new_token)
        resolved = landed | "Resolve" >> Resolve(run.book.links)
        attributed = resolved | "Attribute" >> run.attribute
        attributed | "Commit" >> run.commit

    return build
