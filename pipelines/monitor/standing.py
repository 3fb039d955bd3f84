"""Standing: whether the numbers on the page move, and since when they do not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.live.snapshot import Stream
from pipelines.live.watched import Watched

STALE = timedelta(seconds=10)  # without a look at the lake: the page is blind
STATE_WORDS = {
    "alive": "Live",
    "waiting": "Waiting",
    "dead": "Stream is dead",
    "ended": "Stream has ended",
    "none": "No stream",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """`blind_since`: when the lake was last read, if that is too long ago; `problem` says why."""

    stream: Stream
    blind_since: datetime | None
    problem: str | None

    @property
    def is_dead(self) -> bool:
        return self.stream.state == "dead"

    @property
    def word(self) -> str:
        return "Blind" if self.blind_since else STATE_WORDS.get(self.stream.state, self.stream.state)

    @property
    def tone(self) -> str:
        """good, doubt, bad or quiet."""
        if self.blind_since or self.is_dead:
            return "bad"
        return {"alive": "good", "waiting": "doubt"}.get(self.stream.state, "quiet")


def standing_of(watched: Watched, now: datetime) -> Standing:
    is_blind = now - watched.refreshed_at > STALE
    return Standing(watched.stream(now), watched.refreshed_at if is_blind else None, watched.problem)
