"""Signals: the rules are shown what was counted, no more and no less."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.live.counted import Counted
from pipelines.live.published import Marts
from pipelines.live.reference import roster
from pipelines.live.signals import signals
from pipelines.stores.lake import Lake
from pipelines.stores.reference import load_reference

NOW = datetime(2026, 3, 10, 12, 40, tzinfo=UTC)
HOUR = int(NOW.timestamp()) // 3600
REFERENCE = {
    "influencers": "influencer_id,handle,name,platform\nana,@ana,Ana,tiktok\nben,@ben,Ben,tiktok\n",
    "campaigns": "campaign_id,name,starts_at,ends_at,currency\n"
    "spring,Spring,2026-01-01T00:00:00Z,2026-12-01T00:00:00Z,USD\n",
    "codes": "code,influencer_id,campaign_id,valid_to\nALEX20,ana,spring,\nOLD10,ben,spring,2026-02-01T00:00:00Z\n",
    "links": "link_id,influencer_id,campaign_id\nana-link,ana,spring\n",
}


@pytest.fixture
def counted(tmp_path):
    counted = Counted(Lake(tmp_path / "lake"), [], {"spring": "UTC"}, NOW)
    yield counted
    counted.close()


@pytest.fixture
def found(counted, tmp_path):
    (tmp_path / "reference").mkdir()
    for name, text in REFERENCE.items():
        (tmp_path / "reference" / f"{name}.csv").write_text(text, encoding="utf-8")
    people = roster(load_reference(tmp_path / "reference", redact_id=str, redact_text=str))

    def told(until=NOW):
        return [
            (one.kind.value, one.subject, one.campaign_id)
            for one in signals(counted.connection, people, Marts(), until, "USD")
        ]

    return told


def use(counted, code, hour, times, reason="won", pair=1):
    given = [code, pair if reason == "won" else None, hour * 3_600_000_000, reason == "won", reason]
    counted.connection.execute(f"insert into codes select n, ?, ?, ?, ?, ? from range({times}) as of_order(n)", given)


def click(counted, link, hour, times):
    counted.connection.execute("insert into click_hours values (?, 'ana', 'spring', ?, ?)", [hour, link, times])


def history(of, *given, days=21, times=2):
    """The same few at this hour of each day before."""
    for day in range(1, days):
        of(*given, HOUR - 24 * day, times)


def test_a_quiet_shop_says_nothing(counted, found):
    history(use, counted, "alex20")
    history(click, counted, "ana-link")
    assert found() == []


@pytest.mark.parametrize("hour", [HOUR, HOUR - 1])
def test_a_code_that_is_used_far_more_than_usual(counted, found, hour):
    history(use, counted, "alex20")
    use(counted, "alex20", hour, 40)
    assert ("spike", "alex20", "spring") in found()
    assert "spike" not in {kind for kind, *_ in found(NOW + timedelta(hours=3))}


def test_a_link_that_is_clicked_far_more_than_usual_and_then_no_more(counted, found):
    history(click, counted, "ana-link")
    click(counted, "ana-link", HOUR, 60)
    assert found() == [("spike", "ana-link", "spring")]
    assert found(NOW + timedelta(hours=2)) == []


def test_a_link_that_falls_silent(counted, found):
    for day in range(1, 22):
        click(counted, "ana-link", HOUR - 1 - 24 * day, 40)
    click(counted, "ana-link", HOUR - 1, 1)
    assert found() == [("drop", "ana-link", "spring")]


def test_a_code_that_has_ended_does_not_drop(counted, found):
    for day in range(1, 22):
        use(counted, "old10", HOUR - 1 - 24 * day, 40)
    assert found() == []


def test_an_unknown_code_and_the_one_that_was_meant(counted, found):
    use(counted, "alex2o", HOUR, 4, "unknown_code")
    use(counted, "zzzzzz", HOUR - 25, 9, "unknown_code")  # longer ago than a day
    assert found() == [("unknown_code", "alex2o", "spring")]


def test_a_burst_of_bots(counted, found):
    counted.connection.execute(
        "insert into click_minutes values (?, 'ana', 'spring', 'ana-link', 45, 40)", [HOUR * 60 + 12]
    )
    assert found() == [("bot_burst", "ana-link", "spring")]


def test_a_link_that_is_nobody_s_is_told_once_whatever_else_its_clicks_named(counted, found):
    for utm in ("utm_source=x", "utm_source=y"):
        counted.connection.execute("insert into nameless_clicks values (?, 'gone', ?, 'no_link', 6)", [HOUR, utm])
    counted.connection.execute("insert into nameless_clicks values (?, null, 'utm_source=z', 'no_link', 11)", [HOUR])
    assert sorted(found()) == [("unresolved_link", "gone", None), ("unresolved_link", "utm_source=z", None)]
