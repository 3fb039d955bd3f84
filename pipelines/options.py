"""Options: those that several commands share, and what they may be set to."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from pipelines.failures import BadInput

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")]
FullRefresh = Annotated[bool, typer.Option(help="Make every row anew.")]


class Faults(StrEnum):
    """How much goes wrong in a simulated world."""

    NONE = "none"
    MILD = "mild"
    HOSTILE = "hostile"


class Source(StrEnum):
    """Where a run reads events from, and a simulation writes them to."""

    TOPICS = "topics"
    KAFKA = "kafka"


class Engine(StrEnum):
    """What a run runs on."""

    DIRECT = "direct"
    PRISM = "prism"
    FLINK = "flink"


class OnGap(StrEnum):
    """What to do when the broker no longer has the next message."""

    STOP = "stop"
    CONTINUE = "continue"


FlinkMaster = Annotated[str | None, typer.Option(help="The REST address of Flink's JobManager, host:port.")]
JobEndpoint = Annotated[str | None, typer.Option(help="Beam's job server for that cluster, host:port.")]
WorkerPool = Annotated[str | None, typer.Option(help="The pool of workers, as each TaskManager sees it, host:port.")]
Parallelism = Annotated[int | None, typer.Option(min=1, help="How many workers share the job.", show_default=False)]
CheckpointDir = Annotated[str | None, typer.Option(help="A URI that the whole cluster sees.")]
FromCheckpoint = Annotated[
    str | None, typer.Option(help="A retained checkpoint to go on from; without, from where the lake stands.")
]


def flink_settings(
    master: str | None,
    job_endpoint: str | None,
    worker_pool: str | None,
    parallelism: int | None,
    checkpoint_dir: str | None,
) -> dict[str, Any]:
    """The settings that these options of a cluster override."""
    given = {
        "flink_master": master,
        "flink_job_endpoint": job_endpoint,
        "flink_worker_pool": worker_pool,
        "flink_parallelism": parallelism,
        "flink_checkpoint_dir": checkpoint_dir,
    }
    return {name: value for name, value in given.items() if value is not None}


def require_fit(source: Source, engine: Engine | None, *, follow: bool, has_flink: bool) -> None:
    """Each engine has its kind of run and its options, and files are never followed; raises BadInput."""
    if follow and source is Source.TOPICS:
        raise BadInput("--follow goes with --source kafka: topic files are read to their ends, as often as you like")
    if follow and engine is Engine.DIRECT:
        raise BadInput("the direct engine ends when the source is drained: use --engine prism with --follow")
    if not follow and engine in {Engine.PRISM, Engine.FLINK}:
        raise BadInput(f"the {engine} engine runs until it is stopped: add --follow, or use --engine direct")
    if has_flink and engine is not Engine.FLINK:
        raise BadInput("the options of a Flink cluster go with --engine flink")
