"""The replay: what has landed and did not go through attribution, out of the lake; a crash orphans nothing."""

from collections.abc import Sequence

import apache_beam as beam

from pipelines.engines import Build
from pipelines.jobs.attribution import Run
from pipelines.stages.replay import Replay
from pipelines.stages.resolve import Resolve


def replay(spans: Sequence[tuple[str, int, int]], run: Run) -> Build:
    """The job's second half over landed rows: `spans` are a `topic/partition` with its offsets [start, end) each."""

    def build(p: beam.Pipeline) -> None:
        landed = p | "Replay" >> Replay(run.lake, spans)
        resolved = landed | "Resolve" >> Resolve(run.book.links)
        attributed = resolved | "Attribute" >> run.attribute
        attributed | "Commit" >> run.commit

    return build
