"""Watched: what the page is shown by whoever watches a workspace: snapshots, the stream's state, lists of orders."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from pipelines.live.snapshot import Snapshot, Stream

ONLY = ("unattributed", "new", "unpriced")
"""What a list of orders may be narrowed to: those that nobody earned, of new customers, without an exchange rate."""

STATUSES = ("provisional", "settled")


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """Which orders: those credited under `model` to the influencer, the campaign, or both; null: all orders.

    `since` is included, `until` not. The newest come first; `limit` of them from `offset` on.
    """

    campaign_id: str | None = None
    influencer_id: str | None = None
    model: str = "policy"
    since: datetime | None = None
    until: datetime | None = None
    status: str | None = None
    only: str | None = None
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order behind a number: `net` in its own currency, the others in the reporting currency, null without a rate.

    `credited` is what the model gives to whom the query names; `winner` the handle of whom the policy pays.
    """

    order_id: str
    ordered_at: datetime
    status: str
    currency: str
    net: Decimal
    net_reporting: Decimal | None
    credited: Decimal | None
    winner: str | None


@dataclass(frozen=True, slots=True)
class Orders:
    """One page of a list; `total` counts all that the query holds."""

    total: int
    rows: tuple[OrderRow, ...]


class Watched(Protocol):
    """A workspace under watch."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest."""

    @property
    def refreshed_at(self) -> datetime:
        """When the lake was last looked at with success, whether or not anything had changed."""

    @property
    def problem(self) -> str | None:
        """Why the last look failed or the reference data cannot be read, and what to do; null while all is well."""

    def stream(self, now: datetime) -> Stream:
        """Whether somebody feeds the lake; cheap enough for once a second."""

    async def changed(self, after: int) -> Snapshot:
        """The newest snapshot as soon as its number is another than `after`."""

    def orders(self, query: OrderQuery) -> Orders:
        """Blocks: to be called in a thread. Raises CodetrailError when the lake cannot be read."""
