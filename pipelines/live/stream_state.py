"""Stream state: whether somebody feeds the lake right now, said in words."""

from datetime import datetime
from pathlib import Path

from pipelines.live.snapshot import Stream
from pipelines.stores.heartbeat import Condition, Heartbeat, Pulse, condition, heartbeat_or_problem

STATES: dict[Condition, str] = {
    "none": "none",
    "starting": "alive",
    "reading": "alive",
    "stuck": "dead",
    "broker_away": "dead",
    "waiting": "waiting",
    "dead": "dead",
    "failed": "dead",
    "ended": "ended",
}
SENTENCES: dict[Condition, str] = {
    "none": "No run has fed this lake yet: start `codetrail run`.",
    "starting": "The stream is starting.",
    "reading": "The stream is live.",
    "stuck": "The stream hangs: it has read nothing since {read}, and these numbers stand still. Restart it.",
    "broker_away": "The stream has no broker since {away}, and these numbers stand still. See after Kafka.",
    "waiting": "The stream failed ({reason}) and goes on by itself in a moment; these numbers stand still until then.",
    "dead": "The stream is dead: it was last heard of at {beat}, and these numbers stand still. Start it again.",
    "failed": "The stream stopped at {beat} ({reason}), and these numbers stand still. Mend that and start it again.",
    "ended": "No stream is running: the last run ended at {beat}.",
}
SHOWN = "%Y-%m-%d %H:%M:%S UTC"


class StreamState:
    """Judges the heartbeat beside a lake's tables by its own clock."""

    def __init__(self, lake: Path) -> None:
        self._lake = lake
        self._pulse = Pulse()

    def at(self, now: datetime) -> Stream:
        """How the stream is doing; `dead` also where it lives and nothing moves."""
        heartbeat, problem = heartbeat_or_problem(self._lake)
        if heartbeat is None:
            return Stream("none", problem or SENTENCES["none"])
        word = condition(heartbeat, is_alive=self._pulse.is_alive(heartbeat, now))
        lags = heartbeat.partitions.values()
        return Stream(
            state=STATES[word],
            sentence=_sentence(word, heartbeat),
            beat_at=heartbeat.beat_at,
            lag_messages=sum(one.lag_messages for one in lags) if lags else None,
            lag_seconds=max(one.lag_seconds for one in lags) if lags else None,
        )

    def is_alive(self, now: datetime) -> bool:
        """Whether events may come at any moment."""
        return self.at(now).state == "alive"


def _sentence(word: Condition, heartbeat: Heartbeat) -> str:
    instants = {"read": heartbeat.read_at, "away": heartbeat.broker_away_since, "beat": heartbeat.beat_at}
    shown = {name: at.strftime(SHOWN) if at else "its start" for name, at in instants.items()}
    return SENTENCES[word].format(**shown, reason=heartbeat.reason or "unknown")
