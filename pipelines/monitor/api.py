"""API: everything that the page shows as JSON, each route with its parameters and the type of its answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipelines.live.watched import ONLY, STATUSES, Orders
from pipelines.monitor import answers
from pipelines.monitor.ordering import order_list
from pipelines.monitor.rows import pacing_of, signals_of
from pipelines.monitor.site import campaign_of, site_of
from pipelines.monitor.view import ORDERS, SORTS, WrongQuery, chosen_campaign, view_of
from pipelines.reports.explanation import Explanation
from pipelines.rules.models import MODELS
from pipelines.rules.pacing import Progress

JSON = "application/json"
CAMPAIGN = {"campaign": "The id of a campaign; without it, all of them."}
MODEL = {"model": "The attribution model."}
FILTERS = {"tier": "Only this tier.", "platform": "Only this platform.", "content_type": "Only this content type."}
VIEW = {**MODEL, "sort": "The column to sort by.", "order": "The larger or the smaller first.", **FILTERS,
        "q": "Only those whose handle, name or id holds this text."}  # fmt: skip
LIST = {**CAMPAIGN, "influencer": "The id of an influencer.", **MODEL, "since": "Not before this instant (RFC 3339).",
        "until": "Before this instant.", "status": "Only provisional, or only settled ones.",
        "only": "Only those that nobody earned, of new customers, or without an exchange rate.",
        "page": "A hundred orders a page, counted from 1."}  # fmt: skip
CHOICES = {"model": MODELS, "sort": SORTS, "order": ORDERS, "status": STATUSES, "only": ONLY}


@dataclass(frozen=True)
class Endpoint:
    """A route of the API; `answers` is the type of what it gives, `parameters` say each what they are for."""

    path: str
    summary: str
    answers: Any
    answer: Callable[[Request], Awaitable[Any]]
    parameters: dict[str, str] = field(default_factory=dict)

    def route(self) -> Route:
        async def api(request: Request) -> Response:
            return Response(msgspec.json.encode(await self.answer(request)), media_type=JSON)

        return Route(self.path, api, methods=["GET"])


async def _whole(request: Request) -> answers.Whole:
    _of_campaign(request, may_name=False)
    site = site_of(request)
    return answers.whole(site.watched.snapshot, site.standing().stream)


async def _campaigns(request: Request) -> list[answers.CampaignSummary]:
    _of_campaign(request, may_name=False)
    return [answers.summary(shown) for shown in site_of(request).watched.snapshot.campaigns]


async def _campaign(request: Request) -> answers.Campaign:
    _of_campaign(request, may_name=False)
    return answers.campaign(campaign_of(site_of(request).watched.snapshot, request.path_params["campaign_id"]))


async def _influencers(request: Request) -> answers.Influencers:
    campaign_id, others = chosen_campaign(request.query_params.multi_items())
    view = view_of(campaign_id, others)
    snapshot = site_of(request).watched.snapshot
    return answers.influencers(snapshot, campaign_of(snapshot, campaign_id), view)


async def _signals(request: Request) -> list[answers.ShownSignal]:
    snapshot = site_of(request).watched.snapshot
    shown = campaign_of(snapshot, _of_campaign(request))
    return [answers.shown_signal(signal) for signal in signals_of(snapshot, shown)]


async def _pacing(request: Request) -> tuple[Progress, ...]:
    snapshot = site_of(request).watched.snapshot
    return pacing_of(snapshot, campaign_of(snapshot, _of_campaign(request)))


async def _honesty(request: Request) -> answers.Truth:
    _of_campaign(request, may_name=False)
    site = site_of(request)
    snapshot = site.watched.snapshot
    return answers.Truth(
        number=snapshot.number,
        taken_at=snapshot.taken_at,
        refreshed_at=site.watched.refreshed_at,
        problem=site.watched.problem,
        honesty=snapshot.honesty,
        stream=site.standing().stream,
    )


async def _orders(request: Request) -> Orders:
    site = site_of(request)
    asked = order_list(request.query_params.multi_items())
    campaign_of(site.watched.snapshot, asked.query.campaign_id)
    return await run_in_threadpool(site.watched.orders, asked.query)


async def _order(request: Request) -> Explanation:
    _of_campaign(request, may_name=False)
    return await run_in_threadpool(site_of(request).explain, request.path_params["order_id"])


def _of_campaign(request: Request, *, may_name: bool = True) -> str | None:
    """The campaign that a request names, if it may; raises WrongQuery for any other parameter."""
    campaign_id, others = chosen_campaign(request.query_params.multi_items())
    if others or (campaign_id is not None and not may_name):
        name = others[0][0] if others else "campaign"
        raise WrongQuery(f"there is no parameter {name!r} here; there is {'campaign' if may_name else 'none'}")
    return campaign_id


ENDPOINTS = (
    Endpoint("/api/snapshot", "All that the page shows at one moment.", answers.Whole, _whole),
    Endpoint("/api/campaigns", "Every campaign's sums, all of them first.", list[answers.CampaignSummary], _campaigns),
    Endpoint("/api/campaigns/{campaign_id:path}", "A campaign whole.", answers.Campaign, _campaign),
    Endpoint(
        "/api/influencers",
        "Influencers under a model, filtered and sorted as on the page.",
        answers.Influencers,
        _influencers,
        {**CAMPAIGN, **VIEW},
    ),
    Endpoint("/api/signals", "What wants a person's eye now.", list[answers.ShownSignal], _signals, CAMPAIGN),
    Endpoint("/api/pacing", "Targets against actuals.", list[Progress], _pacing, CAMPAIGN),
    Endpoint("/api/honesty", "How far the numbers can be trusted.", answers.Truth, _honesty),
    Endpoint("/api/orders", "The orders behind a number, the newest first.", Orders, _orders, LIST),
    Endpoint("/api/orders/{order_id:path}", "Why an order's money went where it went.", Explanation, _order),
)
