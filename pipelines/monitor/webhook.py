"""Webhook: tells one receiver, signed and each once, which signals are raised and which are cleared."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http.client import HTTPException
from pathlib import Path
from types import TracebackType

import msgspec

from pipelines.logs import log
from pipelines.monitor.receiver import PATIENCE, Receiver, post
from pipelines.monitor.told import Told, ToldSignal
from pipelines.rules.signals import Signal

MOST_WAITING = 1000
MOST_TRIES = 8  # about two minutes: a receiver that is restarted is back by then
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds
TOO_MANY, OWN_FAULT = 429, 500  # the statuses after which it is worth trying again: the one, and from the other on

Pause = Callable[[threading.Event, float], object]
"""Waits for so many seconds, or until the event is set."""


class Event(StrEnum):
    """What happened to a signal."""

    RAISED = "signal.raised"
    CLEARED = "signal.cleared"


class Notice(msgspec.Struct, frozen=True):
    """One thing to tell: its key is the signal's, which a receiver joins the raised and the cleared by."""

    event: Event
    signal: Signal

    @property
    def idempotency_key(self) -> str:
        """The signal's key; of its end another one, or the receiver would take that for a repetition."""
        return self.signal.key if self.event is Event.RAISED else f"{self.signal.key}-cleared"

    def body(self, workspace: str) -> bytes:
        """The notice as JSON, the signal's `since` as RFC 3339."""
        since = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=self.signal.since)
        signal = msgspec.to_builtins(self.signal) | {"since": since}
        return msgspec.json.encode(
            {"event": self.event, "key": self.signal.key, "workspace": workspace, "signal": signal}
        )


class Webhook:
    """Tells the receiver, on a thread of its own, while it is entered.

    A signal is told once when it is raised and once when it is cleared, also across restarts, unless this process
    dies between the receiver's answer and the note of it: the idempotency key is for that. What the receiver refuses
    is not offered again before the next start; what it did not take after 8 tries is, as long as it holds.
    """

    def __init__(
        self,
        receiver: Receiver,
        workspace: str,
        told: Path,
        *,
        now: Callable[[], datetime],
        chance: Callable[[], float],
        pause: Pause = threading.Event.wait,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        """`told`: the file that remembers what was told; raises BadInput when it cannot be read.

        `now` is the machine's clock, `chance` from 0 to 1.
        """
        if most_waiting < 1:
            raise ValueError(f"most_waiting is {most_waiting}: let one notice wait at least")
        self._receiver, self._workspace = receiver, workspace
        self._now, self._chance, self._pause, self._most_waiting = now, chance, pause, most_waiting
        self._told = Told(told)
        self._waiting: dict[str, Notice] = {}
        self._sending: str | None = None
        self._given_up: set[str] = set()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="webhook", daemon=True)
        self.delivered = self.refused = self.dropped = 0

    def __enter__(self) -> "Webhook":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What waits still is told by the next start, if it holds then."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(timeout=PATIENCE)

    def tell(self, signals: Sequence[Signal]) -> None:
        """All signals that hold now: what is new is raised, what is told and not among them is cleared.

        Returns at once. Not to be called when it is not known what holds.
        """
        holding = {signal.key: signal for signal in signals}
        with self._changed:
            told = self._told.signals
            raised = [Notice(Event.RAISED, signal) for key, signal in holding.items() if key not in told]
            cleared = [
                Notice(Event.CLEARED, one.signal)
                for key, one in told.items()
                if one.cleared_at is None and key not in holding
            ]
            self._given_up &= {notice.idempotency_key for notice in (*raised, *cleared)}
            for notice in (*raised, *cleared):
                self._offer(notice)
            self._changed.notify_all()

    def is_idle(self, within: float) -> bool:
        """Waits up to so many seconds until nothing is left to send, and says whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and self._sending is None, timeout=within)

    def _offer(self, notice: Notice) -> None:
        key = notice.idempotency_key
        if key in self._waiting or key == self._sending or key in self._given_up:
            return
        if len(self._waiting) >= self._most_waiting:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            self._given_up.add(oldest)
            self.dropped += 1
            log.warning("webhook_dropped", receiver=self._receiver.host, key=oldest, dropped=self.dropped)
        self._waiting[key] = notice

    def _work(self) -> None:
        while (notice := self._next()) is not None:
            self._settle(notice, self._delivered(notice))

    def _next(self) -> Notice | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping.is_set())
            if self._stopping.is_set():
                return None
            self._sending = next(iter(self._waiting))
            return self._waiting.pop(self._sending)

    def _delivered(self, notice: Notice) -> bool | None:
        """Whether the receiver took it; None if it could not say."""
        body, key, host = notice.body(self._workspace), notice.idempotency_key, self._receiver.host
        reason = ""
        for before in range(MOST_TRIES):
            if before:
                self._pause(self._stopping, self._pause_after(before))
            if self._stopping.is_set():
                return None
            try:
                status = post(self._receiver, key, body, int(self._now().timestamp()))
            except (OSError, HTTPException) as error:
                reason = repr(error)
            else:
                if 200 <= status < 300:
                    return True
                reason = f"it answered {status}"
                if status != TOO_MANY and status < OWN_FAULT:
                    log.error("webhook_refused", receiver=host, key=key, reason=reason)
                    return False
            log.info("webhook_failed", receiver=host, key=key, reason=reason, attempt=before + 1)
        log.warning("webhook_not_delivered", receiver=host, key=key, reason=reason, attempts=MOST_TRIES)
        return None

    def _pause_after(self, tries: int) -> float:
        """Seconds: doubled after each, and by chance up to half less, so that many senders do not come at once."""
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (tries - 1)) * (1 - self._chance() / 2)

    def _settle(self, notice: Notice, taken: bool | None) -> None:
        """An end that was refused is as good as told; what could not be said is offered again by the next `tell`."""
        if taken or (taken is False and notice.event is Event.CLEARED):
            with self._changed:
                self._note(notice, self._now())
            self._save()  # outside the lock: a slow disk must not hold up who tells
        with self._changed:
            if taken is not None:
                self.delivered += taken
                self.refused += not taken
            if taken is False:
                self._given_up.add(notice.idempotency_key)
            self._sending = None
            self._changed.notify_all()

    def _note(self, notice: Notice, now: datetime) -> None:
        key = notice.signal.key
        if notice.event is Event.RAISED:
            self._told.signals[key] = ToldSignal(notice.signal, now)
        elif key in self._told.signals:
            self._told.end(key, now)
        self._told.forget(now)

    def _save(self) -> None:
        try:
            self._told.save()
        except OSError as error:
            log.warning("webhook_memory_not_written", reason=str(error), then="a restart tells its signals once more")
