"""Signals: how they are recognised again, put in order, and kept harmless."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.signals import (
    DAY,
    HOUR,
    Kind,
    Severity,
    Signal,
    SubjectKind,
    calendar_day,
    clock_time,
    counted,
    in_order,
    money,
    quoted,
)

SPIKE = Signal(
    *(Kind.SPIKE, "ana10", SubjectKind.CODE, "spring", "ana", Severity.LOOK, 20_000 * DAY),
    evidence="37 redemptions since 12:00 UTC",
    advice="Ask its holder what was posted.",
)


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        pytest.param({"evidence": "38 redemptions since 12:00 UTC"}, True, id="later numbers"),
        pytest.param({"advice": "Wait."}, True, id="other advice"),
        pytest.param({"severity": Severity.ACT}, True, id="graver"),
        pytest.param({"kind": Kind.DROP}, False, id="another kind"),
        pytest.param({"subject": "ben10"}, False, id="another subject"),
        pytest.param({"subject_kind": SubjectKind.LINK}, False, id="a link of that name"),
        pytest.param({"campaign_id": None}, False, id="another campaign"),
        pytest.param({"since": SPIKE.since + HOUR}, False, id="another hour"),
    ],
)
def test_what_makes_it_the_same_signal(other, is_same):
    assert (replace(SPIKE, **other).key == SPIKE.key) is is_same


@given(st.text(max_size=200))
def test_a_key_is_safe_in_a_header_whatever_the_subject(subject):
    key = replace(SPIKE, subject=subject).key
    assert key.isascii()
    assert key.replace("-", "").replace("_", "").isalnum()
    assert len(key) < 64


@given(st.text(max_size=200))
def test_what_others_wrote_stays_on_its_line(text):
    shown = quoted(text)
    assert shown.isprintable()
    assert shown[0] == shown[-1] == '"'


def test_what_wants_an_act_comes_first_and_each_once():
    act = replace(SPIKE, kind=Kind.DROP, severity=Severity.ACT)
    later = replace(SPIKE, since=SPIKE.since + HOUR)
    burst = replace(SPIKE, kind=Kind.BOT_BURST)
    ben = replace(SPIKE, subject="ben10")
    assert in_order([burst, ben, SPIKE, later, SPIKE, act]) == [act, later, SPIKE, ben, burst]


def test_a_signal_is_the_same_after_a_journey_as_json():
    assert msgspec.json.decode(msgspec.json.encode(SPIKE), type=Signal) == SPIKE


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        pytest.param(counted(1, "click"), "1 click", id="one"),
        pytest.param(counted(0, "click"), "0 clicks", id="none"),
        pytest.param(counted(12_345, "click"), "12,345 clicks", id="thousands"),
        pytest.param(money(123_450, "EUR"), "1,234.50 EUR", id="cents"),
        pytest.param(money(1_234, "JPY"), "1,234 JPY", id="no minor unit"),
        pytest.param(money(1_250, "KWD"), "1.250 KWD", id="three digits"),
        pytest.param(money(0, "EUR"), "0.00 EUR", id="nothing"),
        pytest.param(clock_time(20_000 * DAY + 14 * HOUR + 1), "14:00", id="a time"),
        pytest.param(calendar_day(20_000 * DAY - 1), "2024-10-03", id="a day's last microsecond"),
    ],
)
def test_how_it_reads(shown, text):
    assert shown == text
