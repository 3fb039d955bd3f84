"""Counters: what each stage counts, told to Beam and to Prometheus alike."""

from apache_beam.metrics import Metrics

from pipelines.metrics import stage_counted


class StageCounter:
    """Counts under `stage/kind`: in what the run prints at its end, and in `codetrail_stage_events_total`."""

    def __init__(self, stage: str, kind: str) -> None:
        self._stage, self._kind = stage, kind
        self._beam = Metrics.counter(stage, kind)

    def inc(self, count: int = 1) -> None:
        self._beam.inc(count)
        stage_counted(self._stage, self._kind, count)
