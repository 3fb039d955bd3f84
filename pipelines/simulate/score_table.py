"""The score for a person: how often the lake paid the right influencer, and why it missed the others."""

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.simulate.score import Score

IN_WORDS = {
    "no_claim": "left no click and no code: only spoken of, another device, or outside the window",
    "not_in_lake": "the order itself never arrived",
    "outranked": "another valid claim won under the policy",
    "not_involved": "the policy asks for a click, and the code's influencer had none",
    "unknown_code": "the code was typed wrong or never registered",
    "code_not_started": "the code was not theirs yet when the order was placed",
    "code_expired": "the code was theirs no more when the order was placed",
    "code_compromised": "the code had leaked, and is void since",
    "ambiguous_link": "the link's parameters fit several influencers alike",
    "link_not_valid": "the link was not theirs at the time of the click",
    "bot": "the click looked like a machine's",
    "burst": "the click was one of many within seconds",
    "injected": "the click came seconds before the order, after another influencer",
    "self_purchase": "the influencer bought with the own code or link",
}


def score_table(score: Score) -> RenderableType:
    """Precision and recall, and every miss counted by its reason."""
    table = Table("of orders that an influencer brought, missed", "", box=SIMPLE_HEAD, title_justify="left")
    for reason, count in sorted(score.missed.items(), key=lambda item: -item[1]):
        table.add_row(f"{count:>6,}  {reason}", IN_WORDS.get(reason, ""))
    for wrong, count in sorted(score.wrong.items(), key=lambda item: -item[1]):
        table.add_row(f"{count:>6,}  paid wrongly", wrong)
    return Group(
        Text(
            f"Score against the truth: precision {_percent(score.precision)} (of {score.paid:,} orders paid to "
            f"somebody, {score.right:,} to the right one), recall {_percent(score.recall)} (of {score.brought:,} "
            f"orders that an influencer brought); by money {_percent(score.precision_by_money)} and "
            f"{_percent(score.recall_by_money)}."
        ),
        table,
    )


def _percent(ratio: float | None) -> str:
    return "–" if ratio is None else f"{100 * ratio:.1f} %"
