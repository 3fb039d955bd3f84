"""How much of the truth the lake has found: precision, recall, and for every miss the reason that a claim gives."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.failures import BadInput
from pipelines.simulate.truth import read_truth
from pipelines.stores.lake import Lake

EXAMPLES_PER_REASON = 3
NO_CLAIM = "no_claim"  # who brought the order left no trace: only spoken of, another device, outside the window
NOT_IN_LAKE = "not_in_lake"
COLUMNS = ("order_id", "revision_key", "winner_influencer_id", "winner_kind", "net_reporting_minor", "claims")


@dataclass(frozen=True, slots=True)
class Miss:
    """An order that somebody else was paid for, or whose influencer was not."""

    order_id: str
    brought_by: str | None
    paid_to: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """The lake against the truth; a ratio is None where its base is 0.

    Precision: of the orders we paid somebody for, the share whose influencer is right. Recall: of the orders that an
    influencer brought, the share that we gave to that influencer. By money: the same, each order weighted with its
    net in the reporting currency. One order can be a wrong credit and a missed one.
    `missed` counts, by reason, the claims that failed those who brought an order: the reason of their own claim,
    else that of a claim that resolved to nobody, else no_claim. `wrong` counts wrong credits by what won and whose
    order it was. Nothing is left out: `not_in_truth` are orders that the truth does not know,
    `not_in_lake` true orders that the lake does not, `without_money` orders without a reporting amount.
    """

    orders: int
    paid: int
    brought: int
    right: int
    precision: float | None
    recall: float | None
    precision_by_money: float | None
    recall_by_money: float | None
    missed: dict[str, int]
    wrong: dict[str, int]
    not_in_truth: int
    not_in_lake: int
    without_money: int
    examples: list[Miss]


def score(workspace: Path) -> Score:
    """Raises BadInput where the workspace has no truth, or no attributions yet."""
    truth = read_truth(workspace)
    orders = truth.with_columns(in_truth=True).join(
        _current(workspace).with_columns(in_lake=True), on="order_id", how="full", coalesce=True
    )
    orders = orders.with_columns(
        pl.col("in_truth", "in_lake").fill_null(value=False), money=pl.col("net_reporting_minor").fill_null(0)
    )
    paid, brought = pl.col("winner_influencer_id").is_not_null(), pl.col("influencer_id").is_not_null()
    right = (pl.col("winner_influencer_id") == pl.col("influencer_id")).fill_null(value=False)
    orders = orders.with_columns(paid=paid, brought=brought, right=right).sort("order_id")
    missed = [
        Miss(row["order_id"], row["influencer_id"], row["winner_influencer_id"], _why_missed(row))
        for row in orders.filter("brought", ~pl.col("right")).iter_rows(named=True)
    ]
    wrong = [
        Miss(row["order_id"], row["influencer_id"], row["winner_influencer_id"], _why_wrong(row))
        for row in orders.filter("paid", ~pl.col("right")).iter_rows(named=True)
    ]
    return Score(
        orders=len(truth),
        paid=int(orders["paid"].sum()),
        brought=int(orders["brought"].sum()),
        right=int(orders["right"].sum()),
        precision=_ratio(orders, "paid"),
        recall=_ratio(orders, "brought"),
        precision_by_money=_ratio(orders, "paid", "money"),
        recall_by_money=_ratio(orders, "brought", "money"),
        missed=_by_reason(missed),
        wrong=_by_reason(wrong),
        not_in_truth=int((~orders["in_truth"]).sum()),
        not_in_lake=int((~orders["in_lake"]).sum()),
        without_money=int(orders.filter("in_lake")["net_reporting_minor"].null_count()),
        examples=[*_examples(missed), *_examples(wrong)],
    )


def _current(workspace: Path) -> pl.DataFrame:
    """The current attribution of every order in the lake."""
    lake = Lake(workspace / "lake")
    if not lake.exists("order_attributions"):
        raise BadInput(f"there are no attributions in {lake.root} yet: `codetrail run --source topics` makes them")
    revisions = lake.read("order_attributions", COLUMNS)
    return revisions.sort("revision_key").unique("order_id", keep="last", maintain_order=True)


def _ratio(orders: pl.DataFrame, base: str, weight: str | None = None) -> float | None:
    """The share of `base` orders that are right, by number or by a weight."""
    counted = orders.with_columns(weight=pl.col(weight) if weight else pl.lit(1))
    right, whole = (counted.filter(which).select(pl.col("weight").sum()).item() for which in ("right", base))
    return float(right / whole) if whole else None


def _why_missed(row: Mapping[str, Any]) -> str:
    if not row["in_lake"]:
        return NOT_IN_LAKE
    claims = row["claims"] or []
    own = [claim for claim in claims if claim["influencer_id"] == row["influencer_id"]]
    nobodys = [claim for claim in claims if claim["influencer_id"] is None]
    # A valid claim that lost says more than one that could not have won.
    told = sorted(own or nobodys, key=lambda claim: (not claim["valid"], claim["kind"], claim["claim_id"]))
    return str(told[0]["reason"]) if told else NO_CLAIM


def _why_wrong(row: Mapping[str, Any]) -> str:
    if not row["in_truth"]:
        whose = "an order that the truth does not know"
    else:
        whose = "another influencer's order" if row["brought"] else "an order that nobody brought"
    return f"{row['winner_kind']} won {whose}"


def _by_reason(misses: Iterable[Miss]) -> dict[str, int]:
    return dict(Counter(miss.reason for miss in misses).most_common())


def _examples(misses: Iterable[Miss]) -> Iterator[Miss]:
    shown: Counter[str] = Counter()
    for miss in misses:
        shown[miss.reason] += 1
        if shown[miss.reason] <= EXAMPLES_PER_REASON:
            yield miss
