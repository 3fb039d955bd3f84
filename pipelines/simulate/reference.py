"""The twelve reference tables of a simulated world, as the marketing and finance teams would keep them."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from pipelines.simulate import vocabulary as words
from pipelines.simulate.cast import HORIZON_DAYS, Cast
from pipelines.simulate.costs import COST_COLUMNS, cost_rows
from pipelines.simulate.deliverables import DELIVERABLE_COLUMNS, deliverable_rows
from pipelines.simulate.events import FIRST_ACCOUNT
from pipelines.simulate.following import Following
from pipelines.simulate.materials import Materials
from pipelines.simulate.plans import PLAN_COLUMNS, plan_rows
from pipelines.simulate.results import Results
from pipelines.simulate.sales import CURRENCIES
from pipelines.simulate.shoppers import ORGANIC
from pipelines.simulate.targets import TARGET_COLUMNS, target_rows

Row = Sequence[object]
#: the share of the shop's revenue that each claims, what it returns by what it costs, and an order in USD
CHANNELS = (
    ("paid_search", 0.14, 4.2, 61.0),
    ("paid_social", 0.11, 2.1, 54.0),
    ("email", 0.09, 14.0, 66.0),
    ("affiliate", 0.06, 5.5, 58.0),
)
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


def write_reference(
    folder: Path,
    rng: np.random.Generator,
    cast: Cast,
    materials: Materials,
    results: Results,
    following: Following,
) -> None:
    """Writes every table to a new folder."""
    folder.mkdir()
    tables: dict[str, tuple[str, Iterable[Row]]] = {
        "influencers": (
            "influencer_id,handle,name,platform,followers,tier,country,partnership_type,customer_id",
            _influencers(cast),
        ),
        "campaigns": (
            "campaign_id,name,brand,starts_at,ends_at,timezone,currency,baseline_days,commission_plan_id",
            _campaigns(cast),
        ),
        "codes": (
            "code,influencer_id,campaign_id,valid_from,valid_to,credit_policy,commission_plan_id,compromised_at",
            _codes(cast, materials),
        ),
        "links": (
            f"link_id,influencer_id,campaign_id,post_id,{','.join(UTM)},valid_from,valid_to",
            _links(cast, materials),
        ),
        "commission_plans": (PLAN_COLUMNS, plan_rows(cast, results)),
        "costs": (COST_COLUMNS, cost_rows(rng, cast, materials, results)),
        "fx_rates": ("rate_date,currency,rate", _fx_rates(rng, cast)),
        "targets": (TARGET_COLUMNS, target_rows(rng, cast, results)),
        "rate_card": ("platform,content_type,cpm,cpe,currency", _rate_card(rng)),
        "deliverables": (DELIVERABLE_COLUMNS, deliverable_rows(rng, cast, materials)),
        "channels": ("channel,day,spend,currency,orders,revenue", _channels(rng, cast, float(results.revenue.sum()))),
        "audience_quality": ("influencer_id,day,source,score", _audience_quality(rng, cast, following)),
    }
    for name, (header, rows) in tables.items():
        with (folder / f"{name}.csv").open("x", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(header.split(","))
            table.writerows(rows)


def _instant(at: datetime | None) -> str:
    return "" if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _influencers(cast: Cast) -> Iterable[Row]:
    for i, someone in enumerate(cast.influencers):
        customer = f"cust-{i + FIRST_ACCOUNT}" if someone.has_account else ""
        tier = someone.tier if i % 2 else ""  # the team fills what followers do not say already, now and then
        yield (
            *(someone.influencer_id, someone.handle, someone.name, someone.platform, someone.followers, tier),
            *(someone.country, someone.partnership_type, customer),
        )


def _campaigns(cast: Cast) -> Iterable[Row]:
    for c in cast.campaigns:
        spans = (_instant(c.starts_at), _instant(c.ends_at))
        yield (c.campaign_id, c.name, c.brand, *spans, c.timezone, c.currency, 14, c.plan)


def _codes(cast: Cast, materials: Materials) -> Iterable[Row]:
    for code in materials.codes:
        yield (
            *(code.code, *_place(cast, code.participation), _instant(code.valid_from), _instant(code.valid_to)),
            *(code.credit_policy, code.plan, _instant(code.compromised_at)),
        )


def _links(cast: Cast, materials: Materials) -> Iterable[Row]:
    for link in materials.links:
        utm = (link.utm.get(name, "") for name in UTM)
        yield (link.link_id, *_place(cast, link.participation), link.post_id, *utm, "", _instant(link.valid_to))


def _place(cast: Cast, participation: int) -> tuple[str, str]:
    return cast.influencer_of(participation).influencer_id, cast.campaign_of(participation).campaign_id


def _fx_rates(rng: np.random.Generator, cast: Cast) -> Iterable[Row]:
    """Every weekday from a month before the world's start; on weekends Friday's rate goes on."""
    first = cast.starts_at.date() - timedelta(days=30)
    for currency, (_, worth) in CURRENCIES.items():
        if currency == "USD":
            continue
        rate = worth
        for day in range(HORIZON_DAYS + 31):
            rate *= 1 + 0.002 * float(rng.standard_normal())
            on = first + timedelta(days=day)
            if on.weekday() < 5 or day == 0:
                yield (on, currency, f"{rate:.6f}")


def _rate_card(rng: np.random.Generator) -> Iterable[Row]:
    for platform, content_types in words.CONTENT_TYPES.items():
        for content_type in content_types:
            yield (platform, content_type, f"{rng.uniform(4, 18):.2f}", f"{rng.uniform(0.05, 0.6):.2f}", "USD")


def _channels(rng: np.random.Generator, cast: Cast, influenced: float) -> Iterable[Row]:
    """A day each of what the other channels spent and claim; they sell more towards the weekend."""
    for channel, share, roas, basket in CHANNELS:
        usual = influenced / (1 - ORGANIC) * share / HORIZON_DAYS
        for day in range(HORIZON_DAYS):
            on = cast.starts_at.date() + timedelta(days=day)
            expected = usual * (1.25 if on.weekday() >= 4 else 0.8125) * float(rng.uniform(0.85, 1.15))
            orders = int(rng.poisson(expected / basket))
            sold = orders * basket * float(rng.lognormal(0, 0.3 / max(orders, 1) ** 0.5))
            yield (channel, on, f"{expected / roas:.2f}", "USD", orders, f"{sold:.2f}")


def _audience_quality(rng: np.random.Generator, cast: Cast, following: Following) -> Iterable[Row]:
    """An audit a month, and what a tool says in between, which is kinder; both see it when followers were bought."""
    for i, someone in enumerate(cast.influencers):
        score = float(rng.beta(14, 3))
        for day in range(0, HORIZON_DAYS, 15):
            on = cast.starts_at.date() + timedelta(days=day)
            source, kindness = ("audit", 1.0) if day % 30 == 0 else ("tool", 1.05)
            bought = i == following.bought_by and following.bought_on is not None and on > following.bought_on
            real = score * kindness * float(rng.uniform(0.98, 1.02)) * (0.7 if bought else 1.0)
            yield (someone.influencer_id, on, source, f"{min(1.0, real):.3f}")
