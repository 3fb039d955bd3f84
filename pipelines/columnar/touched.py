"""Touched: which orders a change of the rules can touch, by columns; all others are what they would be again."""

from collections.abc import Callable, Iterable, Mapping

import polars as pl

from pipelines.columnar.links import LINK_REASONS, NO_ROW, LinkResolver
from pipelines.rules.attribution import DAY, Rules
from pipelines.rules.codes import CodeRoster
from pipelines.rules.links import LinkAssignment
from pipelines.stores.rulebook import Rulebook

ATTRIBUTED = (
    *("order_id", "ordered_at", "visitor_id", "customer_id", "currency", "policy", "claims"),
    *("subtotal_minor", "net_minor", "subtotal_reporting_minor", "net_reporting_minor"),
)
"""What is read of the attributions that hold, `ordered_at` in microseconds."""


def touched(
    attributions: pl.DataFrame,
    old: Rulebook,
    new: Rulebook,
    clicks_of: Callable[[pl.Series], pl.DataFrame],
    *,
    money_only: bool = False,
) -> pl.Series:
    """The ids of the orders, attributed under the old rules, that the new ones may attribute otherwise.

    `attributions`: those that hold, in the columns of ATTRIBUTED. `clicks_of` gives the clicks of visitors, in
    CLICK_COLUMNS, instants in microseconds; it is asked only where links or the window changed. Sound, not exact:
    whatever a change can touch is among them.
    `money_only`: without those of which it can touch nothing but the name of the policy that decided.
    """
    found = [
        attributions.filter(_default_policy_decided(old, new, money_only) | _has_other_currency(old, new))["order_id"],
        _otherwise_credited(attributions, old, new),
        _otherwise_worth(attributions, old, new),
        _of_codes(attributions, old.rules.codes, new.rules.codes),
        _otherwise_suspected(attributions, old.rules, new.rules),
        _of_buyers(attributions, old.rules.own_customer, new.rules.own_customer),
        _of_clicks(attributions, old, new, clicks_of),
    ]
    return pl.concat(found).unique()


def _default_policy_decided(old: Rulebook, new: Rulebook, money_only: bool) -> pl.Expr:
    """Where a code's own policy decided, the default does not matter; without a valid code the last click wins."""
    decided = pl.lit(old.rules.policy != new.rules.policy) & (pl.col("policy") == old.rules.policy)
    if not money_only:
        return decided
    is_code = pl.element().struct.field("valid") & (pl.element().struct.field("kind") == "code")
    return decided & (pl.col("claims").list.eval(is_code).list.sum() > 0)


def _has_other_currency(old: Rulebook, new: Rulebook) -> pl.Expr:
    return pl.lit(old.rules.exchange.reporting_currency != new.rules.exchange.reporting_currency)


def _otherwise_credited(attributions: pl.DataFrame, old: Rulebook, new: Rulebook) -> pl.Series:
    """One touch has it all, whatever the path transform and the half-life."""
    before, after = old.rules, new.rules
    if (before.path_transform, before.half_life) == (after.path_transform, after.half_life):
        return _nobody()
    valid = pl.col("claims").list.eval(pl.element().struct.field("valid")).list.sum()
    return attributions.filter(valid > 1)["order_id"]


def _otherwise_suspected(attributions: pl.DataFrame, old: Rules, new: Rules) -> pl.Series:
    if old.suspicious_clicks == new.suspicious_clicks:
        return _nobody()
    is_click = pl.element().struct.field("kind") == "link"
    return attributions.filter(pl.col("claims").list.eval(is_click).list.any())["order_id"]


def _otherwise_worth(attributions: pl.DataFrame, old: Rulebook, new: Rulebook) -> pl.Series:
    """The orders whose reporting amounts are others by the new rates."""
    currencies = old.rules.exchange.differing(new.rules.exchange)
    orders = attributions.filter(pl.col("currency").is_in(currencies))
    worth = new.rules.reporting_minor
    columns = ("order_id", "ordered_at", "currency", "subtotal_minor", "net_minor")
    stored = ("subtotal_reporting_minor", "net_reporting_minor")
    rows = orders.select(*columns, *stored).iter_rows()
    moved = [
        order_id
        for order_id, at, currency, gross, net, *before in rows
        if before != [worth(gross, currency, at // DAY), worth(net, currency, at // DAY)]
    ]
    return pl.Series("order_id", moved, dtype=pl.String)


def _of_codes(attributions: pl.DataFrame, old: CodeRoster, new: CodeRoster) -> pl.Series:
    """The orders with a redeemed code that is another's, or another answer's, at their time."""
    claims = _claims(attributions, "code", ["order_id", "ordered_at", "code"])
    claims = claims.filter(pl.col("code").is_in(list(old.differing(new))))
    moved = [
        order_id
        for order_id, at, code in claims.iter_rows()
        if _answer(old.owner(code, at)) != _answer(new.owner(code, at))
    ]
    return pl.Series("order_id", moved, dtype=pl.String)


def _answer(owner: tuple[object, object]) -> tuple[object, ...]:
    """Of the row of a code what a claim says of it."""
    row, reason = owner
    said = ("influencer_id", "campaign_id", "credit_policy")
    return (reason, *(getattr(row, name, None) for name in said))


def _of_buyers(attributions: pl.DataFrame, old: Mapping[str, str], new: Mapping[str, str]) -> pl.Series:
    """The orders of a customer who is, or was, the influencer of one of their claims."""
    changed = [
        (who, id_) for who in {*old, *new} if old.get(who) != new.get(who) for id_ in (old.get(who), new.get(who))
    ]
    pairs = pl.DataFrame(changed, {"influencer_id": pl.String, "customer_id": pl.String}, orient="row").drop_nulls()
    if not pairs.height:
        return _nobody()
    bought = attributions.filter(pl.col("customer_id").is_in(pairs["customer_id"].implode()))
    claims = [_claims(bought, kind, ["order_id", "customer_id", "influencer_id"]) for kind in ("code", "link")]
    return pl.concat(claims).join(pairs, on=["influencer_id", "customer_id"], how="semi")["order_id"]


def _of_clicks(
    attributions: pl.DataFrame, old: Rulebook, new: Rulebook, clicks_of: Callable[[pl.Series], pl.DataFrame]
) -> pl.Series:
    """The orders with a click that is another's now, or that only one of the windows holds."""
    windows = sorted((old.rules.window, new.rules.window))
    if old.links == new.links and windows[0] == windows[1]:
        return _nobody()
    orders = attributions.select("order_id", "ordered_at", "visitor_id").drop_nulls()
    clicks = clicks_of(orders["visitor_id"].unique()).with_row_index("click")
    numbers: dict[tuple[object, ...], int] = {}
    before, after = (_whose(clicks, book.links, numbers, name) for name, book in (("before", old), ("after", new)))
    nobodys = numbers.get((NO_ROW,), -1)
    whose = clicks.select("click", "visitor_id", "occurred_at").join(before, on="click").join(after, on="click")
    whose = whose.filter((pl.col("before") != nobodys) | (pl.col("after") != nobodys))
    if windows[0] == windows[1]:
        whose = whose.filter(pl.col("before") != pl.col("after"))
    age = pl.col("ordered_at") - pl.col("occurred_at")
    moved = (pl.col("before") != pl.col("after")) | (age > windows[0])
    return whose.join(orders, on="visitor_id").filter((age >= 0) & (age <= windows[1]) & moved)["order_id"].unique()


def _whose(
    clicks: pl.DataFrame, links: list[LinkAssignment], numbers: dict[tuple[object, ...], int], name: str
) -> pl.DataFrame:
    """Of each click a number that stands for what a claim says of its link row, in both versions for the same."""
    resolved = LinkResolver(links).resolved(clicks)
    said = {place: (link.influencer_id, link.campaign_id, link.link_id) for place, link in enumerate(links)}
    given = {**said, **{place: (reason,) for place, reason in LINK_REASONS.items()}, NO_ROW: (NO_ROW,)}
    places = {place: numbers.setdefault(what, len(numbers)) for place, what in given.items()}
    return resolved.select("click", pl.col("link").replace_strict(places, return_dtype=pl.Int32).alias(name))


def _claims(attributions: pl.DataFrame, kind: str, columns: Iterable[str]) -> pl.DataFrame:
    """The claims of a kind, one row each, beside these columns of theirs or of their orders."""
    of_order = [name for name in columns if name in ("order_id", "ordered_at", "customer_id")]
    of_claim = [pl.col("claims").struct.field(name) for name in columns if name not in of_order]
    every = attributions.select(*of_order, "claims").explode("claims").drop_nulls("claims")
    return every.filter(pl.col("claims").struct.field("kind") == kind).select(*of_order, *of_claim)


def _nobody() -> pl.Series:
    return pl.Series("order_id", dtype=pl.String)
