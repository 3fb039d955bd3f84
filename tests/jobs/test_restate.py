"""Restate: whatever changed in the reference data and the settings, the lake ends as a clean replay under the new."""

import json
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.jobs.drain import drain_topics
from pipelines.jobs.restate import planned, restate
from pipelines.stores.lake import Lake
from pipelines.testing import CLOCK, assert_equal_lakes, drain, lake_state, world_of
from tests.jobs.worlds import REFERENCE, WORLDS, write_reference

CODES_HEAD, *CODES = REFERENCE["codes"].splitlines()
LINKS_HEAD, *LINKS = REFERENCE["links"].splitlines()
RATES_HEAD, *RATES = REFERENCE["fx_rates"].splitlines()
PEOPLE_HEAD, *PEOPLE = REFERENCE["influencers"].splitlines()
NOON = "2026-03-10T12:00:00Z"


def some_of(rows, *more):
    """Some rows of a table: left out, or another in its place, or all."""
    return st.lists(st.sampled_from([*rows, *more]), unique_by=lambda row: row, min_size=1)


def table(head, rows):
    return head + "\n" + "\n".join(rows) + "\n"


def unique_in_time(rows, key):
    """Of rows of one code, or link, the first: whether they would overlap is another test's question."""
    kept = {}
    for row in rows:
        kept.setdefault(row.split(",")[0].casefold() + key(row), row)
    return list(kept.values())


CHANGED = st.fixed_dictionaries(
    {},
    optional={
        "codes": some_of(
            CODES,
            "NOPE,cleo,spring,,,,",  # registered late
            "WINNER,ana,tokyo,,,,",  # another's, and no policy of its own
            f"LINK,cleo,tokyo,,,link_wins,{NOON}",  # leaked
            f"LINK,cleo,tokyo,{NOON},,code_wins,",
        ).map(lambda rows: table(CODES_HEAD, unique_in_time(rows, lambda row: row[:5] if row[0] in "Aa" else ""))),
        "links": some_of(
            LINKS,
            "gone,ben,spring,,,,",
            f"l-ana,cleo,spring,ig,spring,,{NOON}",
            "l-yt,ana,tokyo,yt,,,",
            "same-3,ben,tokyo,fb,spring,,",
        ).map(lambda rows: table(LINKS_HEAD, unique_in_time(rows, lambda row: row[:6] if "l-ben" in row else ""))),
        "fx_rates": st.permutations([*RATES, "2026-03-11,EUR,2", "2026-03-01,KWD,3.25"]).map(
            lambda rows: table(RATES_HEAD, rows[:3])
        ),
        "influencers": st.sampled_from(["cust-ana", "cust-x", "c1", ""]).map(
            lambda customer: table(PEOPLE_HEAD, [f"ana,@ana,Ana,instagram,{customer}", *PEOPLE[1:]])
        ),
    },
)
OTHER_SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "policy": st.sampled_from(["link_wins", "if_involved", "if_winner"]),
        "window_days": st.sampled_from([1 / 24, 1, 31]),
        "path_transform": st.sampled_from(["collapse_repeats", "unique"]),
        "suspicious_clicks": st.sampled_from(["flag", "exclude"]),
        "half_life_days": st.just(1),
        "reporting_currency": st.just("EUR"),
    },
)


HOUR = timedelta(hours=1)


def world(root, hours, **options):
    """Each step of a lake's life is later than the one before."""
    return world_of(root, now=CLOCK + hours * HOUR, **options)


def write(root, changed):
    for name, text in changed.items():
        (root / "reference" / f"{name}.csv").write_text(text)


def events_of(root, events):
    for topic in ("clicks", "redemptions", "orders"):
        lines = [json.dumps(message) for of, message in events if of == topic]
        (root / "topics").mkdir(exist_ok=True)
        (root / "topics" / f"{topic}.ndjson").write_text("".join(line + "\n" for line in lines))


def attributions(root):
    return {"order_attributions": lake_state(Lake(root / "lake"))["order_attributions"]}


def revisions(root, cause):
    rows = Lake(root / "lake").read("order_attributions", ["order_id", "cause"])
    return sorted(rows.filter(rows["cause"] == cause)["order_id"])


@pytest.mark.slow
@settings(max_examples=6)
@given(WORLDS, st.integers(0, 60), CHANGED, CHANGED, OTHER_SETTINGS)
def test_a_restated_lake_is_a_clean_replay_and_only_what_changes_is_revised(events, until, first, second, options):
    """A run picks the first change up for what it touches alone; the restatement the second, and the settings."""
    with tempfile.TemporaryDirectory() as folder:
        root, clean = Path(folder) / "restated", Path(folder) / "clean"
        write_reference(root)
        events_of(root, events[:until])
        drain(root)
        write(root, first)
        events_of(root, events)
        drain(root, now=CLOCK + HOUR)
        write(root, second)
        before = attributions(root)["order_attributions"]
        dry = planned(world(root, 2, **options))
        assert attributions(root)["order_attributions"] == before
        done = restate(world(root, 2, **options))
        shutil.copytree(root, clean, ignore=shutil.ignore_patterns("lake"))
        drain_topics(world(clean, 2, **options))
        assert_equal_lakes(Lake(root / "lake"), Lake(clean / "lake"))
        after = attributions(root)["order_attributions"]
        moved = sorted(key for (key,), row in after.items() if before[key,] != row)
        assert revisions(root, "reference") == moved
        assert sorted(done.plan.revisions["order_id"]) == sorted(dry.plan.revisions["order_id"]) == moved
        assert restate(world(root, 3, **options)).plan.revisions.height == 0
        assert drain_topics(world(root, 4, **options)).counters.get("commit/out", 0) == 0
