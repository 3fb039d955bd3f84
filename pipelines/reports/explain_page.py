"""The explanation of an order for a reader who has never seen one, in 100 columns."""

from collections.abc import Iterable
from decimal import Decimal

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipelines.reports.explanation import ExplainedClaim, Explanation, Share
from pipelines.reports.reasons import POLICIES
from pipelines.reports.shown import NOTHING, cell, moment, paragraph
from pipelines.rules.models import MODELS

FLAGS = {
    "over_refunded": "More was refunded than the order was worth; its net stays at 0.",
    "refund_mismatch": "A refund was not counted: it is in another currency, or has more decimals than this one.",
    "suspicious_click": "The click that won came in a burst, or seconds before the order and after another influencer.",
    "amount_overflow": "The refunds add up to more than can be stored; the largest amount stands for them.",
}
CAUSES = {
    "event": "an event came in",
    "reference": "reference data or settings changed",
    "replay": "attributed again from the lake",
}
LEGEND = (
    "policy gives all to the winner; the others split over every valid click and code: first and last give all to "
    "one end, linear equal parts, position 40 % to each end and 20 % between, time decay more the closer to the order."
)


def rendered(told: Explanation) -> RenderableType:
    """The whole explanation: the verdict first, then money, claims, splits and versions."""
    parts: list[RenderableType] = [_heading(told), *_verdict(told), _money(told)]
    parts += [paragraph(remark, "yellow") for remark in _remarks(told)]
    parts += [_title("Claims", "each click or code that might have earned the order, in order of time")]
    parts += [
        _claims(told) if told.claims else cell("None: no code was redeemed, and no click of this visitor matches.")
    ]
    if told.credits:
        parts += [_title("Split", f"what each model gives, in {told.currency}"), _split(told), cell(LEGEND, "dim")]
    parts += [_title("Versions", "how the attribution moved"), _versions(told)]
    return Group(*parts)


def _title(name: str, about: str) -> RenderableType:
    return Padding(Text.assemble((name, "bold"), (f"  {about}", "dim")), (1, 0, 0, 0))


def _heading(told: Explanation) -> Text:
    settled = told.status == "settled"
    meaning = "late events are no longer expected" if settled else f"late events can move it until {_until(told)}"
    return Text.assemble(
        ("Order ", "bold"), cell(told.order_id, "bold"), f"  placed {moment(told.ordered_at)} UTC  ",
        (told.status, "green" if settled else "yellow"), f" ({meaning})",
    )  # fmt: skip


def _until(told: Explanation) -> str:
    return f"events of {moment(told.settles_at)} UTC have arrived"


def _verdict(told: Explanation) -> Iterable[RenderableType]:
    if told.winner is None:
        why = "no claim" if not told.claims else "no claim that may win"
        yield Text.assemble(("Earned by nobody", "bold"), f": {why}. It still counts in every total.")
    else:
        by = Text.assemble(("Earned by ", "bold"), cell(_who(told.winner), "bold green"))
        yield Text.assemble(by, cell(f", campaign {told.winner.campaign_id}, with {_with(told.winner)}"))
    own = "" if told.policy == told.default_policy else f" (set by the code; the workspace's is {told.default_policy})"
    yield cell(f"Policy {told.policy}{own}: {POLICIES.get(told.policy, 'unknown')}.")


def _with(claim: ExplainedClaim) -> str:
    return f"the code {claim.code}" if claim.kind == "code" else f"a click on {claim.link_id}"


def _who(claim: ExplainedClaim | Share) -> str:
    if claim.influencer_id is None:
        return NOTHING
    return f"{claim.handle} ({claim.influencer_id})" if claim.handle else claim.influencer_id


def _amount(amount: Decimal | None) -> Text:
    return cell(None if amount is None else f"{amount:,}")


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")


def _money(told: Explanation) -> RenderableType:
    table = _table()
    table.add_column("Money")
    table.add_column(cell(told.currency), justify="right", no_wrap=True)
    converts = told.reporting_currency != told.currency
    if converts:
        table.add_column(cell(told.reporting_currency), justify="right", no_wrap=True)
    net = "net (0: the order was cancelled)" if told.is_cancelled else "net = subtotal − discount − refunds"
    rows = [
        ("subtotal (goods; shipping and tax never count)", told.subtotal, told.subtotal_reporting),
        ("discount", told.discount, None),
        ("refunds", told.refunded, None),
        (net, told.net, told.net_reporting),
    ]
    for name, amount, reporting in rows:
        style = "bold" if amount is told.net else ""
        cells = [
            cell(name),
            _amount(amount),
            *([_amount(reporting) if reporting is not None else cell("")] if converts else []),
        ]
        table.add_row(*cells, style=style)
    return Padding(table, (1, 0, 0, 0))


def _remarks(told: Explanation) -> Iterable[str]:
    if told.net_reporting is None:
        yield f"No rate into {told.reporting_currency} on or before that day: add it to fx_rates, then restate."
    elif told.rate is not None and told.currency != told.reporting_currency:
        yield f"1 {told.currency} = {told.rate:f} {told.reporting_currency}, the rate of the order's day (UTC)."
    if told.is_cancelled:
        yield "The order was cancelled: its net is 0, whoever earned it."
    yield from (FLAGS.get(flag, flag) for flag in told.flags)
    if told.reference_problem is not None:
        yield f"Without handles and dates, for {told.reference_problem}"
    if told.is_outdated:
        yield "The reference data or settings have changed since this was computed: `codetrail restate` applies them."


def _claims(told: Explanation) -> Table:
    table = _table()
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("When (UTC)", no_wrap=True)
    table.add_column("Influencer", overflow="fold", max_width=22)
    table.add_column("Code or link", overflow="fold", max_width=24)
    table.add_column("Verdict", overflow="fold")
    for claim in told.claims:
        which = f"code {claim.code}" if claim.kind == "code" else f"click {claim.link_id or claim.url or ''}"
        style = "green" if claim.reason == "won" else "" if claim.valid else "dim"
        row = (str(claim.number), moment(claim.occurred_at), _who(claim), which, claim.because)
        table.add_row(*(cell(text, style) for text in row))
    return table


def _split(told: Explanation) -> Table:
    table = _table()
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("Influencer", overflow="fold")
    for model in MODELS:
        table.add_column(model.replace("_", " "), justify="right", no_wrap=True)
    given = {(share.number, share.model): share for share in told.credits}
    for number, share in sorted({share.number: share for share in told.credits}.items()):
        shares = [given.get((number, model)) for model in MODELS]
        table.add_row(cell(number), cell(_who(share)), *(_amount(one.amount if one else None) for one in shares))
    table.add_section()
    sums = [sum((one.amount for one in told.credits if one.model == model), Decimal(0)) for model in MODELS]
    used = {share.model for share in told.credits}
    totals = [_amount(total if model in used else None) for model, total in zip(MODELS, sums, strict=True)]
    table.add_row("", cell(f"sum = net {told.net:,}"), *totals, style="bold")
    return table


def _versions(told: Explanation) -> Table:
    table = _table()
    table.add_column("No.", justify="right", no_wrap=True)
    table.add_column("Computed (UTC)", no_wrap=True)
    table.add_column("Because")
    table.add_column("Net", justify="right", no_wrap=True)
    table.add_column("Earned by", overflow="fold")
    for one in told.revisions:
        net = NOTHING if one.net is None else f"{one.net:,} {one.currency}"
        who = one.winner_handle or one.winner_influencer_id or "nobody"
        row = (str(one.revision_key), moment(one.computed_at), CAUSES.get(one.cause, one.cause), net, who)
        table.add_row(*(cell(text) for text in row))
    return table
