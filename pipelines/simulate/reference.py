"""The twelve reference tables of a simulated world, as the marketing and finance teams would keep them."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipelines.simulate import vocabulary as words
from pipelines.simulate.cast import HORIZON_DAYS, Cast
from pipelines.simulate.costs import COST_COLUMNS, cost_rows
from pipelines.simulate.events import FIRST_ACCOUNT
from pipelines.simulate.materials import Materials
from pipelines.simulate.sales import CURRENCIES

Row = Sequence[object]
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


def write_reference(
    folder: Path, rng: np.random.Generator, cast: Cast, materials: Materials, revenue: npt.NDArray[np.float64]
) -> None:
    """Writes every table to a new folder; `revenue` is what each participation sold, in USD."""
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
        "commission_plans": ("plan_id,kind,rate,amount,currency,cap,tier_from,lock_days", PLANS),
        "costs": (COST_COLUMNS, cost_rows(rng, cast, materials, revenue)),
        "fx_rates": ("rate_date,currency,rate", _fx_rates(rng, cast)),
        "targets": ("campaign_id,influencer_id,metric,target,starts_on,ends_on", _targets(cast, revenue)),
        "rate_card": ("platform,content_type,cpm,cpe,currency", _rate_card(rng)),
        "deliverables": (
            "deliverable_id,campaign_id,influencer_id,platform,content_type,due_on,"
            "required_hashtags,required_code,required_link_id",
            _deliverables(cast, materials),
        ),
        "channels": ("channel,day,spend,currency,orders,revenue", _channels(rng, cast, float(revenue.sum()))),
        "audience_quality": ("influencer_id,day,source,score", _audience_quality(rng, cast)),
    }
    for name, (header, rows) in tables.items():
        with (folder / f"{name}.csv").open("x", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(header.split(","))
            table.writerows(rows)


PLANS: tuple[Row, ...] = (
    ("percent-8", "percent", 8, "", "USD", "", "", 30),
    ("percent-12", "percent", 12, "", "USD", 2500, "", 30),
    ("flat-3", "flat", "", "3.000", "KWD", "", "", 14),
    ("tiered", "tiered", 5, "", "EUR", "", 0, 30),
    ("tiered", "tiered", 8, "", "EUR", "", 1000, 30),
    ("tiered", "tiered", 10, "", "EUR", "", 5000, 30),
)


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


def _targets(cast: Cast, revenue: npt.NDArray[np.float64]) -> Iterable[Row]:
    for c, campaign in enumerate(cast.campaigns):
        days = (campaign.starts_at.date(), campaign.ends_at.date())
        sold = sum(float(revenue[p]) for p in cast.of_campaign(c))
        reach = sum(cast.influencer_of(p).followers for p in cast.of_campaign(c))
        yield (campaign.campaign_id, "", "revenue", round(sold * (0.8 + c % 4 * 0.2), -1), *days)
        yield (campaign.campaign_id, "", "orders", max(1, round(sold / 55)), *days)
        yield (campaign.campaign_id, "", "impressions", reach, *days)
        yield (campaign.campaign_id, "", "engagements", reach // 40, *days)
        for p in cast.of_campaign(c)[:2]:
            yield (campaign.campaign_id, cast.influencer_of(p).influencer_id, "clicks", 50, *days)


def _rate_card(rng: np.random.Generator) -> Iterable[Row]:
    for platform, content_types in words.CONTENT_TYPES.items():
        for content_type in content_types:
            yield (platform, content_type, f"{rng.uniform(4, 18):.2f}", f"{rng.uniform(0.05, 0.6):.2f}", "USD")


def _deliverables(cast: Cast, materials: Materials) -> Iterable[Row]:
    """One a paid post; every seventh participation still owes one more."""
    own_link = {link.participation: link.link_id for link in reversed(materials.links)}
    owed: list[tuple[int, str, date]] = [
        (post.participation, post.content_type, (post.posted_at + timedelta(days=2)).date())
        for post in materials.posts
        if post.paid
    ]
    owed += [
        (p, words.CONTENT_TYPES[cast.influencer_of(p).platform][0], cast.campaign_of(p).ends_at.date())
        for p in range(0, len(cast.participations), 7)
    ]
    for k, (p, content_type, due_on) in enumerate(owed):
        influencer_id, campaign_id = _place(cast, p)
        hashtags = f"#{campaign_id.replace('-', '')} #ad"
        code = materials.codes[p].code if k % 3 == 0 else ""
        link = own_link[p] if k % 3 == 1 else ""
        platform = cast.influencer_of(p).platform
        yield (f"del-{k + 1:04}", campaign_id, influencer_id, platform, content_type, due_on, hashtags, code, link)


def _channels(rng: np.random.Generator, cast: Cast, revenue: float) -> Iterable[Row]:
    for channel, size, roas in (("paid_search", 0.05, 4.2), ("paid_social", 0.08, 2.1), ("affiliate", 0.03, 5.5)):
        for day in range(HORIZON_DAYS):
            spend = revenue * size / HORIZON_DAYS * float(rng.uniform(0.6, 1.4)) + 1
            sold = spend * roas * float(rng.uniform(0.5, 1.5))
            on = cast.starts_at.date() + timedelta(days=day)
            yield (channel, on, f"{spend:.2f}", "USD", round(sold / 55), f"{sold:.2f}")


def _audience_quality(rng: np.random.Generator, cast: Cast) -> Iterable[Row]:
    for someone in cast.influencers:
        score = float(rng.beta(12, 3))
        for month in range(0, HORIZON_DAYS, 30):
            on = cast.starts_at.date() + timedelta(days=month)
            yield (someone.influencer_id, on, "audit", f"{min(1.0, score * rng.uniform(0.95, 1.02)):.3f}")
