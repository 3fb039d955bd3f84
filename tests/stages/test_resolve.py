"""Resolve: by columns each click gets the link row that the rules find for it alone."""

from datetime import UTC, datetime

import apache_beam as beam
import polars as pl
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from pipelines.columnar.links import AMBIGUOUS, LINK_REASONS, NO_ROW, NOT_VALID, LinkResolver
from pipelines.records import Passed, Rows, Share
from pipelines.rules.links import UTM, LinkAssignment, LinkReason, LinkRoster, resolve
from pipelines.stages.resolve import COLUMNS, Resolve, as_read

CLICK_SCHEMA = {
    "partition": pl.Int32,
    "offset": pl.Int64,
    "shard": pl.Int32,
    "visitor_id": pl.String,
    "event_id": pl.String,
    "occurred_at": pl.Datetime("us", "UTC"),
    "is_bot": pl.Boolean,
    "link_id": pl.String,
    **{f"utm_{name}": pl.String for name in UTM},
    "url": pl.String,
}


def clicks(*said):
    """Clicks of (instant in microseconds, link id, utm values)."""
    rows = [
        (0, n, 1, "v", f"c{n}", datetime.fromtimestamp(0, UTC), False, link_id, *utm, "https://s/")
        for n, (_, link_id, utm) in enumerate(said)
    ]
    instants = pl.Series("occurred_at", [at for at, *_ in said], dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame(rows, schema=CLICK_SCHEMA, orient="row").with_columns(instants)


def place_by_the_rules(links, at, link_id, utm):
    found = LinkRoster(links).candidates(link_id, tuple(value or "" for value in utm))
    if not found:
        return NO_ROW
    row, reason = resolve(found, at)
    if row is None:
        return {LinkReason.AMBIGUOUS: AMBIGUOUS, LinkReason.NOT_VALID: NOT_VALID}[reason]
    return next(place for place, link in enumerate(links) if link is row)


values = st.sampled_from(["", "a", "b"])
link_ids = st.sampled_from(["l1", "l2", "l3"])
bounds = st.none() | st.integers(0, 10)
links_at_random = st.lists(
    st.builds(
        LinkAssignment,
        link_ids,
        st.sampled_from("xy"),
        st.just("c"),
        st.tuples(values, values, st.just(""), st.just(""), values),
        bounds,
        bounds,
    ),
    max_size=7,
)
said_by_clicks = st.lists(
    st.tuples(
        st.integers(0, 10),
        st.none() | link_ids | st.just("other"),
        st.tuples(*[st.none() | values] * len(UTM)),
    ),
    min_size=1,
    max_size=12,
)


@given(links_at_random, said_by_clicks)
def test_every_click_gets_the_row_that_the_rules_give_it(links, said):
    resolved = as_read("clicks", clicks(*said), LinkResolver(links))
    assert resolved["offset"].to_list() == list(range(len(said)))
    assert resolved["link"].to_list() == [place_by_the_rules(links, *click) for click in said]


@given(links_at_random, said_by_clicks, said_by_clicks)
def test_a_resolver_that_has_seen_clicks_resolves_the_next_alike(links, before, said):
    resolver = LinkResolver(links)
    as_read("clicks", clicks(*before), resolver)
    again = as_read("clicks", clicks(*said), resolver)
    assert again.equals(as_read("clicks", clicks(*said), LinkResolver(links)))


NOTHING = (None,) * len(UTM)
SHARE = Share("post_metrics/0", "b", 0, 1, Share.WHOLE)
MOVED = [LinkAssignment("l", "x", "c", valid_to=5), LinkAssignment("l", "y", "c", valid_from=5)]


@pytest.mark.parametrize(
    ("links", "click", "link"),
    [
        pytest.param([], (3, "l", NOTHING), NO_ROW, id="no links at all"),
        pytest.param(MOVED, (3, None, NOTHING), NO_ROW, id="a click on nobody's link"),
        pytest.param(MOVED, (4, "l", NOTHING), 0, id="the last microsecond of the first"),
        pytest.param(MOVED, (5, "l", NOTHING), 1, id="the first of the next"),
        pytest.param(MOVED[:1], (5, "l", NOTHING), NOT_VALID, id="the row had ended"),
        pytest.param([*MOVED, MOVED[1]], (5, "l", NOTHING), AMBIGUOUS, id="two rows held"),
    ],
)
def test_the_place_of_a_click_s_link(links, click, link):
    assert as_read("clicks", clicks(click), LinkResolver(links))["link"].to_list() == [link]


def test_a_reason_for_every_place_that_is_none():
    assert LINK_REASONS == {AMBIGUOUS: "ambiguous_link", NOT_VALID: "link_not_valid"}


def test_attribution_gets_the_columns_that_it_reads_and_instants_in_microseconds():
    resolved = as_read("clicks", clicks((7, None, NOTHING)), LinkResolver([]))
    assert set(resolved.columns) == set(COLUMNS["clicks"]) - {"link_id", *(f"utm_{n}" for n in UTM)} | {"link"}
    assert resolved["occurred_at"].to_list() == [7]
    assert resolved.schema["link"] == pl.Int32


def test_only_rows_that_attribution_reads_pass():
    redemptions = pl.DataFrame(
        [(0, 5, 1, "o", "r", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "alex", "Alex")],
        schema=[*COLUMNS["redemptions"], "code"],
        orient="row",
    ).with_columns(pl.col("occurred_at").cast(pl.Datetime("us", "UTC")))
    blocks = [
        Rows("clicks", clicks((7, "l", NOTHING))),
        Rows("clicks", clicks()),
        Rows("redemptions", redemptions),
        Rows("post_metrics", pl.DataFrame({"post_id": ["p"]}), SHARE),
    ]
    with beam.Pipeline(FnApiRunner()) as pipeline:
        resolved = pipeline | beam.Create(blocks) | "Resolve" >> Resolve(MOVED)
        rows = resolved | "Rows" >> beam.Filter(lambda b: isinstance(b, Rows))
        shapes = rows | beam.Map(lambda b: (b.topic, b.rows.height, b.rows["occurred_at"][0], "code" in b.rows))
        assert_that(shapes, equal_to([("clicks", 1, 7, False), ("redemptions", 1, 1_000_000, False)]))
        passed = resolved | "Passed" >> beam.Filter(lambda b: isinstance(b, Passed)) | beam.Map(lambda b: b.share)
        assert_that(passed, equal_to([None, SHARE]), label="shares")
