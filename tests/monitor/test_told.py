"""Told: what is remembered across restarts, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.failures import BadInput
from pipelines.monitor.told import FORGOTTEN, Told, ToldSignal
from tests.monitor.test_webhook import SPIKE

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_what_was_saved_is_known_after_a_restart(tmp_path):
    told = Told(tmp_path / "monitor" / "told.json")
    told.signals[SPIKE.key] = ToldSignal(SPIKE, THEN)
    told.save()
    assert Told(tmp_path / "monitor" / "told.json").signals == {SPIKE.key: ToldSignal(SPIKE, THEN)}
    assert [path.name for path in (tmp_path / "monitor").iterdir()] == ["told.json"]


@pytest.mark.parametrize(
    ("cleared_at", "now", "is_kept"),
    [
        pytest.param(None, THEN + 10 * FORGOTTEN, True, id="it holds still"),
        pytest.param(THEN, THEN + FORGOTTEN - timedelta(seconds=1), True, id="cleared less than a month ago"),
        pytest.param(THEN, THEN + FORGOTTEN, False, id="cleared a month ago"),
    ],
)
def test_what_is_forgotten(tmp_path, cleared_at, now, is_kept):
    told = Told(tmp_path / "told.json")
    told.signals[SPIKE.key] = ToldSignal(SPIKE, THEN, cleared_at)
    told.forget(now)
    assert (SPIKE.key in told.signals) is is_kept


def test_of_a_signal_that_is_over_no_word_is_kept(tmp_path):
    file = tmp_path / "told.json"
    told = Told(file)
    told.signals[SPIKE.key] = ToldSignal(SPIKE, THEN)
    told.end(SPIKE.key, THEN)
    told.save()
    kept = Told(file).signals[SPIKE.key]
    assert (kept.raised_at, kept.cleared_at) == (THEN, THEN)
    assert [word for word in (SPIKE.subject, SPIKE.evidence, SPIKE.advice) if word in file.read_text()] == []


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"a":{"signal":1}}', b"\xff"])
def test_a_damaged_file_says_what_to_do(tmp_path, content):
    (tmp_path / "told.json").write_bytes(content)
    with pytest.raises(BadInput, match=r"told\.json.*move it away"):
        Told(tmp_path / "told.json")


def test_a_save_that_fails_leaves_the_last_one(tmp_path):
    told = Told(tmp_path / "told.json")
    told.save()
    (tmp_path / "told.json.partial").mkdir()
    told.signals[SPIKE.key] = ToldSignal(SPIKE, THEN)
    with pytest.raises(IsADirectoryError):
        told.save()
    assert Told(tmp_path / "told.json").signals == {}
