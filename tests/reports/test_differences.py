"""What moved between two versions: both sides are what the lake said then, and the causes add up to the difference."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.failures import BadInput
from pipelines.reports.differences import differences
from pipelines.reports.differences_page import rendered
from pipelines.stores.lake import Lake
from pipelines.stores.tables import ORDER_ATTRIBUTIONS
from pipelines.warehouse.history import HISTORY
from pipelines.warehouse.versions import Version

BEGIN = datetime(2026, 3, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hour):
    return BEGIN + hour * HOUR


def revision(order_id, key, hour, net=1000, winner="ana", cause="event", **more):
    row = {
        "order_id": order_id,
        "revision_key": key,
        "computed_at": at(hour),
        "cause": cause,
        "status": "provisional",
        "ordered_at": BEGIN,
        "currency": "USD",
        "subtotal_minor": 1000,
        "refunded_minor": 0,
        "net_minor": net,
        "net_reporting_minor": net,
        "winner_influencer_id": winner,
        "winner_campaign_id": winner and "spring",
        "is_cancelled": False,
        "reference_version": "v",
        "digest": "",
    }
    return row | more


def tombstone(order_id, key, hour):
    return revision(order_id, key, hour, None, None, ordered_at=None, net_reporting_minor=None)


def workspace(root, revisions, *hours, currencies=("USD",) * 9):
    """A lake of these revisions, and a version published as of each of these hours."""
    lake = Lake(root / "lake")
    lake.create()
    rows = pl.DataFrame(revisions, schema=pl.Schema(pl.DataFrame(ORDER_ATTRIBUTIONS.empty_table()).schema))
    lake.append("order_attributions", rows.to_arrow().cast(ORDER_ATTRIBUTIONS), {}, 1)
    (root / "published").mkdir()
    with (root / "published" / HISTORY).open("wb") as history:
        for number, hour in enumerate(hours, 1):
            version = Version(number, at(hour), "", None, None, 0, 0, currencies[number - 1], 2, {}, at(hour))
            history.write(msgspec.json.encode(version) + b"\n")
    return root


def causes(found):
    return {(row.influencer_id, one.cause): one.amount for row in found.influencers for one in row.causes}


STEPS = {
    "new order": ([], revision("o", 1, 2), {("ana", "new order"): "10"}),
    "no order any more": ([revision("o", 1, 0)], tombstone("o", 2, 2), {("ana", "no order any more"): "-10"}),
    "refund": ([revision("o", 1, 0)], revision("o", 2, 2, 400, refunded_minor=600), {("ana", "refund"): "-6"}),
    "cancellation": (
        [revision("o", 1, 0)],
        revision("o", 2, 2, 0, is_cancelled=True),
        {("ana", "cancellation"): "-10"},
    ),
    "amendment": ([revision("o", 1, 0)], revision("o", 2, 2, 900, subtotal_minor=900), {("ana", "amendment"): "-1"}),
    "a discount": ([revision("o", 1, 0)], revision("o", 2, 2, 900), {("ana", "amendment"): "-1"}),
    "two at once": (
        [revision("o", 1, 0)],
        revision("o", 2, 2, 0, is_cancelled=True, refunded_minor=100),
        {("ana", "cancellation and refund"): "-10"},
    ),
    "a late click": (
        [revision("o", 1, 0)],
        revision("o", 2, 2, winner="ben"),
        {("ana", "late click or code"): "-10", ("ben", "late click or code"): "10"},
    ),
    "a late click and a refund": (
        [revision("o", 1, 0)],
        revision("o", 2, 2, 400, "ben", refunded_minor=600),
        {("ana", "late click or code"): "-10", ("ben", "late click or code"): "10", ("ben", "refund"): "-6"},
    ),
    "a restatement": (
        [revision("o", 1, 0)],
        revision("o", 2, 2, winner=None, cause="reference"),
        {("ana", "reference data changed"): "-10", (None, "reference data changed"): "10"},
    ),
    "a rate": (
        [revision("o", 1, 0, net_reporting_minor=None)],
        revision("o", 2, 2, net_reporting_minor=1200),
        {("ana", "exchange rate"): "12"},
    ),
}


@pytest.mark.parametrize(("before", "step", "expected"), STEPS.values(), ids=STEPS)
def test_each_cause_has_its_name_and_its_amount(tmp_path, before, step, expected):
    found = differences(workspace(tmp_path, [*before, step], 1, 3), 1, 2)
    assert causes(found) == {key: Decimal(amount) for key, amount in expected.items()}


def test_what_was_undone_on_the_way_is_told_with_both_sides(tmp_path):
    steps = [revision("o", 1, 0), revision("o", 2, 2, winner="ben"), revision("o", 3, 3, cause="reference")]
    found = differences(workspace(tmp_path, steps, 1, 4), 1, 2)
    assert causes(found)["ana", "late click or code"] == -causes(found)["ana", "reference data changed"] == -10
    assert [row.difference for row in found.influencers] == [0, 0]


def test_what_cannot_be_compared_is_refused(tmp_path):
    root = workspace(tmp_path, [revision("o", 1, 0)], 1, 2, currencies=("USD", "EUR"))
    with pytest.raises(BadInput, match="never published a version 7; there are: 1, 2"):
        differences(root, 1, 7)
    with pytest.raises(BadInput, match="in USD, version 2 in EUR"):
        differences(root, 1, 2)


def test_the_page_fits_and_commands_no_terminal(tmp_path, printed, unharmed):
    steps = [revision("o", 1, 0, winner="\x1b[31mana"), revision("o", 2, 2, 400, refunded_minor=600)]
    page = printed(rendered(differences(workspace(tmp_path, steps, 1, 3), 1, 2)))
    unharmed(page)
    assert "late click or code" in page
    assert "-6.00" in page


WINNERS = st.sampled_from([None, "ana", "ben"])
ONE = st.fixed_dictionaries(
    {
        "hour": st.integers(0, 9),
        "net": st.integers(0, 3000),
        "winner": WINNERS,
        "cause": st.sampled_from(["event", "reference", "replay"]),
        "is_cancelled": st.booleans(),
        "refunded_minor": st.integers(0, 2),
        "net_reporting_minor": st.none() | st.integers(0, 3000),
        "gone": st.booleans(),
    }
)


@settings(max_examples=20)
@given(
    st.lists(st.lists(ONE, max_size=5), min_size=1, max_size=3),
    st.lists(st.integers(0, 9), min_size=2, max_size=3).map(sorted),
    st.randoms(use_true_random=False),
)
def test_both_sides_are_the_lake_s_and_the_causes_add_up(tmp_path_factory, orders, hours, chance):
    revisions = []
    for number, its in enumerate(orders):
        for key, one in enumerate(sorted(its, key=lambda one: one["hour"]), 1):
            gone = one["gone"]
            given_row = {name: value for name, value in one.items() if name not in ("hour", "gone")}
            made = tombstone if gone else revision
            revisions.append(made(f"o{number}", key, one["hour"], **({} if gone else given_row)))
    root = workspace(tmp_path_factory.mktemp("versions"), revisions, *hours)
    before, after = chance.choice(range(len(hours))), chance.choice(range(len(hours)))
    found = differences(root, before + 1, after + 1)
    then, now = _sums(revisions, hours[before]), _sums(revisions, hours[after])
    assert (found.net_before, found.net_after) == (sum(then.values()), sum(now.values()))
    told = {row.influencer_id: (row.before, row.after) for row in found.influencers}
    for who in then | now:
        if then.get(who, 0) != now.get(who, 0):
            assert told[who] == (then.get(who, 0), now.get(who, 0))
    for row in found.influencers:
        assert sum(one.amount for one in row.causes) == row.difference == row.after - row.before
        assert sum(one.orders for one in row.causes) == row.orders_after - row.orders_before
    assert sum(one.amount for one in found.causes) == found.net_after - found.net_before


def _sums(revisions, hour):
    current = {}
    for row in sorted(revisions, key=lambda row: row["revision_key"]):
        if row["computed_at"] <= at(hour):
            current[row["order_id"]] = row
    sums = {}
    for row in current.values():
        if row["ordered_at"] is not None:
            who = row["winner_influencer_id"]
            sums[who] = sums.get(who, 0) + Decimal(row["net_reporting_minor"] or 0) / 100
    return sums
