"""Replay: what has landed and did not go through attribution, out of the lake."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import apache_beam as beam
import polars as pl

from pipelines.records import Rows
from pipelines.stores.lake import Lake
from pipelines.stores.standing import attributed_offsets, landed_offsets


@dataclass
class Replay(beam.PTransform):
    """The landed rows of each of `spans`: a `topic/partition` with its offsets [start, end).

    Out:      PCollection[Rows].
    Promise:  a crash between landing and attribution orphans nothing, even if no new message ever comes.
    """

    lake: Lake
    spans: Sequence[tuple[str, int, int]]
    block_rows: int = 50_000

    def __post_init__(self) -> None:
        if self.block_rows < 1:
            raise ValueError(f"block_rows is {self.block_rows}: a block holds at least one row")
        super().__init__()

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[Rows]:
        return (
            pipeline
            | "Spans" >> beam.Create(list(self.spans), reshuffle=False)
            | "ReadLanded" >> beam.ParDo(_ReadLanded(self.lake, self.block_rows)).with_output_types(Rows)
        )


class _ReadLanded(beam.DoFn):
    def __init__(self, lake: Lake, block_rows: int) -> None:
        self._lake = lake
        self._block_rows = block_rows

    def process(self, span: tuple[str, int, int]) -> Iterator[Rows]:
        source, start, end = span
        topic, _, partition = source.partition("/")
        inside = (pl.col("partition") == int(partition)) & (pl.col("offset") >= start) & (pl.col("offset") < end)
        rows: pl.DataFrame = self._lake.read(topic, None, inside).sort("offset")
        for block in rows.iter_slices(self._block_rows):
            yield Rows(topic, block)


def unattributed(lake: Lake, sources: Sequence[str]) -> list[tuple[str, int, int]]:
    """What has landed and did not go through attribution: nothing after a run that ended, all without one."""
    landed = landed_offsets(lake, sources)
    done = attributed_offsets(lake, list(landed))
    return [(source, done.get(source, 0), end) for source, end in landed.items() if done.get(source, 0) < end]
