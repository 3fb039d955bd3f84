"""Webhook: a receiver is told each signal once, whatever it answers and however often the monitor restarts."""

import socket
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from structlog.testing import capture_logs

from pipelines.monitor.receiver import Receiver, sign
from pipelines.monitor.webhook import FIRST_PAUSE, LONGEST_PAUSE, MOST_TRIES, Webhook
from pipelines.rules.signals import DAY, Kind, Severity, Signal, SubjectKind
from tests.monitor.receiving import receiving

SECRET = b"a secret of many bytes"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPIKE = Signal(
    *(Kind.SPIKE, "ana10", SubjectKind.CODE, "spring", "ana", Severity.LOOK, 20_000 * DAY),
    evidence='37 redemptions of "ana10"',
    advice="Ask its holder what was posted.",
)
BEN, EVE = replace(SPIKE, subject="ben10"), replace(SPIKE, subject="eve10")
RAISED, CLEARED = "signal.raised", "signal.cleared"
SOON = 30  # seconds, more than any of this takes


@pytest.fixture
def webhook(tmp_path):
    """Makes the webhook of a monitor, as it starts again and again; it waits for nothing."""

    def make(url, pause=lambda stopping, seconds: None, **options):
        return Webhook(
            Receiver(url, SECRET),
            "shop",
            tmp_path / "told.json",
            now=lambda: NOW,
            chance=lambda: 0.5,
            pause=pause,
            **options,
        )

    return make


def tell(webhook, *signals):
    webhook.tell(signals)
    assert webhook.is_idle(within=SOON)


def test_a_signal_is_told_signed_and_whole(webhook):
    with receiving() as got, webhook(got.url) as hook:
        tell(hook, SPIKE)
    (request,) = got.requests
    sent_at = int(request.headers["Codetrail-Timestamp"])
    assert sent_at == NOW.timestamp()
    assert request.headers["Codetrail-Signature"] == sign(SECRET, sent_at, request.body)
    assert request.headers["Idempotency-Key"] == SPIKE.key
    assert msgspec.json.decode(request.body) == {
        "event": "signal.raised",
        "key": SPIKE.key,
        "workspace": "shop",
        "signal": {
            "kind": "spike",
            "subject": "ana10",
            "subject_kind": "code",
            "campaign_id": "spring",
            "influencer_id": "ana",
            "severity": "look",
            "since": "2024-10-04T00:00:00Z",
            "evidence": '37 redemptions of "ana10"',
            "advice": "Ask its holder what was posted.",
        },
    }


def test_each_is_told_once_when_it_is_raised_and_once_when_it_is_cleared(webhook):
    with receiving() as got, webhook(got.url) as hook:
        tell(hook, SPIKE)
        tell(hook, replace(SPIKE, evidence="40 redemptions"), BEN)
        tell(hook, BEN)
        tell(hook, BEN)
        tell(hook)
    assert got.events == [(RAISED, "ana10"), (RAISED, "ben10"), (CLEARED, "ana10"), (CLEARED, "ben10")]
    keys = [request.headers["Idempotency-Key"] for request in got.requests]
    assert len(set(keys)) == 4  # else the end would be taken for a repetition


def test_a_restart_tells_nothing_again_and_clears_what_ended_meanwhile(webhook):
    with receiving() as got:
        with webhook(got.url) as hook:
            tell(hook, SPIKE, BEN)
        with webhook(got.url) as hook:
            tell(hook, SPIKE)
        with webhook(got.url) as hook:
            tell(hook, SPIKE)
    assert got.events == [(RAISED, "ana10"), (RAISED, "ben10"), (CLEARED, "ben10")]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_receiver_that_is_busy_is_told_later(webhook, status):
    pauses = []
    with receiving(status, status, 204) as got, webhook(got.url, lambda _, seconds: pauses.append(seconds)) as hook:
        tell(hook, SPIKE)
        tell(hook, SPIKE)
    assert got.events == [(RAISED, "ana10")] * 3
    assert (hook.delivered, hook.refused, hook.dropped) == (1, 0, 0)
    assert pauses == [FIRST_PAUSE * 0.75, 2 * FIRST_PAUSE * 0.75]


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410])
def test_what_is_refused_is_not_sent_again(webhook, status):
    with receiving(status, 200) as got, webhook(got.url) as hook, capture_logs() as logs:
        tell(hook, SPIKE)
        tell(hook, SPIKE)
        tell(hook, SPIKE, BEN)
    assert got.events == [(RAISED, "ana10"), (RAISED, "ben10")]
    assert (hook.delivered, hook.refused) == (1, 1)
    (refused,) = [entry for entry in logs if entry["event"] == "webhook_refused"]
    assert (refused["log_level"], refused["key"], refused["reason"]) == ("error", SPIKE.key, f"it answered {status}")


def test_what_was_refused_is_offered_again_after_a_restart(webhook):
    with receiving(401, 200) as got:
        for _ in range(2):
            with webhook(got.url) as hook:
                tell(hook, SPIKE)
    assert got.events == [(RAISED, "ana10")] * 2


def test_what_was_never_told_is_not_cleared(webhook):
    with receiving(400) as got, webhook(got.url) as hook:
        tell(hook, SPIKE)
        tell(hook)
    assert got.events == [(RAISED, "ana10")]


def test_a_dead_receiver_is_tried_a_few_times_then_told_of_and_offered_again(webhook):
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    pauses = []
    with webhook(f"{nobody}/T0PSECRET", lambda _, seconds: pauses.append(seconds)) as hook, capture_logs() as logs:
        tell(hook, SPIKE)
        tell(hook, SPIKE)
    once = pauses[: MOST_TRIES - 1]
    assert pauses == once * 2
    assert once == sorted(once)
    assert max(once) <= LONGEST_PAUSE
    warnings = [entry for entry in logs if entry["log_level"] == "warning"]
    assert [entry["event"] for entry in warnings] == ["webhook_not_delivered"] * 2
    assert warnings[0]["attempts"] == MOST_TRIES
    assert "T0PSECRET" not in repr(logs)
    assert SECRET.decode() not in repr(logs)


def test_a_receiver_that_does_not_answer_holds_nobody_up(webhook):
    """It takes the connection and says nothing: whoever tells goes on, and the oldest that waits gives way."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with webhook(url, lambda stopping, _: stopping.wait(SOON), most_waiting=1) as hook, capture_logs() as logs:
            hook.tell([SPIKE])
            connection, _ = mute.accept()  # from here on SPIKE is being sent
            hook.tell([SPIKE, BEN])
            hook.tell([SPIKE, BEN, EVE])
            hook.tell([SPIKE, BEN, EVE])
            assert not hook.is_idle(within=0)
            assert hook.dropped == 1
            dropped = [entry["key"] for entry in logs if entry["event"] == "webhook_dropped"]
            assert dropped == [BEN.key]
            connection.close()


def test_a_memory_that_cannot_be_written_does_not_stop_the_telling(webhook, tmp_path):
    (tmp_path / "told.json.partial").mkdir()
    with receiving() as got, webhook(got.url) as hook, capture_logs() as logs:
        tell(hook, SPIKE)
        tell(hook, SPIKE, BEN)
    assert got.events == [(RAISED, "ana10"), (RAISED, "ben10")]
    assert [entry["event"] for entry in logs] == ["webhook_memory_not_written"] * 2


def test_a_queue_for_nobody_is_none(webhook):
    with pytest.raises(ValueError, match="most_waiting is 0"):
        webhook("http://127.0.0.1:1", most_waiting=0)
