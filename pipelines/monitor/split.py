"""Split: an order's credits as a table: a row a claim, a column a model, and the sums that must be its net."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pipelines.reports.explanation import Share
from pipelines.rules.models import MODELS


@dataclass(frozen=True, slots=True)
class SplitRow:
    """What each model gives to a claim, null where it gives it nothing; `share` is one of them, for who it is."""

    share: Share
    amounts: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """`sums` by model, null for a model that credits nobody."""

    rows: tuple[SplitRow, ...]
    sums: tuple[Decimal | None, ...]


def split_of(shares: Iterable[Share]) -> Split:
    """In order of the claims."""
    given = {(share.number, share.model): share for share in shares}
    someone = {share.number: share for share in given.values()}
    rows = tuple(
        SplitRow(share, tuple(_amount(given.get((number, model))) for model in MODELS))
        for number, share in sorted(someone.items())
    )
    return Split(rows, tuple(_sum(given, model) for model in MODELS))


def _amount(share: Share | None) -> Decimal | None:
    return None if share is None else share.amount


def _sum(given: dict[tuple[int, str], Share], model: str) -> Decimal | None:
    amounts = [share.amount for (_, of), share in given.items() if of == model]
    return sum(amounts, Decimal(0)) if amounts else None
