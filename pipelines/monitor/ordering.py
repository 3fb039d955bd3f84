"""Ordering: which list of orders a request asks for, and where its other pages are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pipelines.live.watched import ONLY, STATUSES, OrderQuery
from pipelines.monitor.links import orders_href
from pipelines.monitor.view import WrongQuery, chosen, once
from pipelines.rules.models import MODELS

PAGE = 100  # orders
FURTHEST_PAGE = 10_000
PARAMETERS = ("campaign", "influencer", "model", "since", "until", "status", "only")


@dataclass(frozen=True, slots=True)
class Asked:
    """A list of orders and the page of it, counted from 1."""

    query: OrderQuery
    page: int

    def href(self, page: int) -> str:
        q = self.query
        return orders_href(q.campaign_id, q.influencer_id, q.model, q.since, q.until, q.status, q.only, page)

    def download(self, form: str) -> str:
        """The whole list as a file."""
        return self.href(1).replace("/orders", f"/downloads/orders.{form}", 1)


def order_list(parameters: Iterable[tuple[str, str]]) -> Asked:
    """One page of orders; raises WrongQuery for what there is not."""
    given = once(parameters, (*PARAMETERS, "page"))
    page = _page(given.pop("page", "1"))
    return Asked(_query(given, (page - 1) * PAGE, PAGE), page)


def whole_order_list(parameters: Iterable[tuple[str, str]], limit: int) -> OrderQuery:
    """The first `limit` orders of a list; raises WrongQuery for what there is not."""
    return _query(once(parameters, PARAMETERS), 0, limit)


def _query(given: dict[str, str], offset: int, limit: int) -> OrderQuery:
    return OrderQuery(
        campaign_id=given.get("campaign"),
        influencer_id=given.get("influencer"),
        model=chosen(given, "model", MODELS) or "policy",
        since=_instant(given, "since"),
        until=_instant(given, "until"),
        status=chosen(given, "status", STATUSES),
        only=chosen(given, "only", ONLY),
        offset=offset,
        limit=limit,
    )


def _instant(given: dict[str, str], name: str) -> datetime | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise WrongQuery(f"{name} cannot be {text!r}; it is an instant with its zone, such as 2026-03-01T00:00:00Z")
    return moment


def _page(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= FURTHEST_PAGE):
        raise WrongQuery(f"page cannot be {text!r}; pages are counted from 1 to {FURTHEST_PAGE}")
    return int(text)
