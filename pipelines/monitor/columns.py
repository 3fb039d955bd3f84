"""Columns: the figures of the page's tables: name, head, how each is written, and what it means."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.warehouse.metrics_dictionary import words_of

ROI_MART = "fct_influencer_roi"


@dataclass(frozen=True, slots=True)
class Column:
    """A figure; `meaning` where no mart has words for it, `measure` where the mart's name is another."""

    name: str
    label: str
    kind: str  # text, count, money, ratio, percent or points
    meaning: str = ""
    measure: str = ""
    full: str = ""

    @property
    def name_in_full(self) -> str:
        """The label without its abbreviations."""
        return self.full or self.label

    @property
    def is_number(self) -> bool:
        return self.kind != "text"


INFLUENCERS = (
    Column("handle", "Influencer", "text", "Who posts: the handle, with tier, platform and main content type."),
    Column("valid_clicks", "Clicks", "count"),
    Column("orders", "Orders", "count"),
    Column("new_customer_orders", "New cust.", "count", full="Orders of new customers"),
    Column("net_revenue", "Net revenue", "money"),
    Column("cost", "Cost", "money", measure="cost_total"),
    Column("profit", "Profit", "money"),
    Column("roi_pct", "ROI %", "points"),
    Column("roas", "ROAS", "ratio", full="Return on cost (ROAS)"),
    Column("cpa", "CPA", "money", full="Cost per order (CPA)"),
    Column("conversion_rate", "Conv.", "percent", full="Conversion rate"),
    Column("engagement_rate", "Engaged", "percent", full="Engagement rate"),
    Column("emv", "EMV", "money", full="Earned media value (EMV)"),
    Column("pace", "Pace", "text", "The influencer's own target, and how far it has come."),
)
"""The columns of the table of influencers, in its order; it may be sorted by each."""

OTHERS = (
    Column("clicks", "All clicks", "count"),
    Column("gross_revenue", "Gross revenue", "money"),
    Column("provisional_orders", "Provisional orders", "count"),
    Column("provisional_net_revenue", "Provisional net revenue", "money"),
    Column("commission", "Commission", "money"),
    Column("engagements", "Engagements", "count"),
    Column(
        "redemptions", "Redemptions", "count", "Codes redeemed, each event once, whether or not the code was valid."
    ),
    Column("active_codes", "Active codes", "count", "Codes that were validly redeemed in the last 24 hours."),
    Column(
        "unattributed_orders",
        "Unattributed",
        "percent",
        "Orders that nobody earned, as a share of all orders: no valid code, and no valid click in the window.",
    ),
    Column(
        "unattributed_net_revenue",
        "Unattributed net revenue",
        "money",
        "What the orders brought that nobody earned; with what the influencers are credited it makes all orders.",
    ),
    Column(
        "expected",
        "Expected by now",
        "count",
        "The target's part that the days so far are of all its days: target × days over ÷ days in all.",
    ),
    Column(
        "projected",
        "Projected end",
        "count",
        "What is there, and for each day that is left the mean of the days that are over; the range holds 95 % of "
        "such ends.",
    ),
)


def every_column() -> tuple[Column, ...]:
    return (*INFLUENCERS, *OTHERS)


@dataclass(frozen=True, slots=True)
class Formula:
    """What a column means, for a reader: `formula` and `break_even` where the metric dictionary has them."""

    name: str
    label: str
    meaning: str
    unit: str | None
    formula: str | None
    break_even: str | None


def formulas() -> Iterator[Formula]:
    """Of every column, in the page's order; raises KeyError for one that neither the page nor a mart explains."""
    for column in every_column():
        measure = column.measure or column.name
        words = None if column.meaning else words_of(ROI_MART, measure)
        if words is None and not column.meaning:
            raise KeyError(measure)
        known = words or {}
        yield Formula(
            name=column.name,
            label=column.name_in_full,
            meaning=column.meaning or _without_formula(known["description"], known.get("x-formula")),
            unit=known.get("x-unit"),
            formula=known.get("x-formula"),
            break_even=known.get("x-break-even"),
        )


def _without_formula(description: str, formula: str | None) -> str:
    text = description.removeprefix(formula or "").lstrip(",: ")
    return text[:1].upper() + text[1:]
