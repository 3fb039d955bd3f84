"""Words: what the page calls models, signals and verdicts, for somebody who has never read the code."""

from datetime import datetime

from pipelines.rules.decoding import EPOCH, MICROSECOND

MODEL_WORDS = {
    "policy": ("Policy", "all to the winner, as it is paid"),
    "first": ("First", "all to the first touch"),
    "last": ("Last", "all to the last touch"),
    "linear": ("Linear", "equal parts to every touch"),
    "position": ("Position", "40 % to each end, 20 % between"),
    "time_decay": ("Time decay", "more the closer to the order"),
}
SIGNAL_WORDS = {
    "spike": "Spike",
    "drop": "Drop",
    "leaked_code": "Perhaps leaked",
    "bot_burst": "Bot burst",
    "unknown_code": "Unknown code",
    "unresolved_link": "Link of nobody",
    "deliverable_overdue": "Deliverable overdue",
    "budget_burnt": "Budget burnt",
}
VERDICT_WORDS = {
    "not_started": "Not started",
    "reached": "Reached",
    "unknown": "Not known",
    "missed": "Missed",
    "behind": "Behind",
    "on_track": "On track",
    "ahead": "Ahead",
}


def spaced(slug: str) -> str:
    """A slug as words: budget_burnt, budget burnt."""
    return slug.replace("_", " ")


def from_micros(micros: int) -> datetime:
    return EPOCH + micros * MICROSECOND
