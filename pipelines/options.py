"""Options: those that several commands share, and what they may be set to."""

from enum import StrEnum
from typing import Annotated

import typer

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


class OnGap(StrEnum):
    """What to do when the broker no longer has the next message."""

    STOP = "stop"
    CONTINUE = "continue"
