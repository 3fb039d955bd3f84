"""Who takes part in a simulated world: influencers, campaigns, and what each influencer was lent and posted there."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from pipelines.simulate import vocabulary as words

HORIZON_DAYS = 90
TIERS: dict[str, tuple[int, int]] = {
    "nano": (800, 5_000),
    "micro": (5_000, 100_000),
    "mid": (100_000, 500_000),
    "macro": (500_000, 1_000_000),
    "mega": (1_000_000, 1_900_000),
}
FIRST_TIERS = ("nano", "mega", "mid", "macro", "micro", "nano")  # of the first, so that each is in any world
LARGEST = {"blog": "micro", "podcast": "mid", "twitch": "macro"}  # no blog has a million readers
PARTNERSHIPS = ("one_off", "ambassador", "affiliate", "gifting", "event")


@dataclass(frozen=True, slots=True)
class Influencer:
    influencer_id: str
    handle: str
    name: str
    platform: str
    followers: int
    tier: str
    country: str
    partnership_type: str
    has_account: bool  # buys in the shop too, so that a self-purchase can be told


@dataclass(frozen=True, slots=True)
class Campaign:
    campaign_id: str
    name: str
    brand: str
    countries: tuple[str, ...]
    timezone: str
    currency: str
    from_day: int  # days after the start of the world, local midnight
    to_day: int
    plan: str | None
    starts_at: datetime
    ends_at: datetime
    starts_on: date  # the same as local days, both in it
    ends_on: date

    @property
    def hashtag(self) -> str:
        return f"#{self.campaign_id.replace('-', '')}"

    @property
    def days(self) -> int:
        """How many of its days are over when the world ends."""
        return min(self.to_day, HORIZON_DAYS) - self.from_day

    @property
    def days_planned(self) -> int:
        return self.to_day - self.from_day


@dataclass(frozen=True, slots=True)
class Participation:
    """An influencer in a campaign; `pull` is the share of the world's influenced orders, before normalising."""

    influencer: int
    campaign: int
    pull: float


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody of a world; positions in these lists are the numbers that draws use."""

    starts_at: datetime
    until: datetime
    influencers: list[Influencer]
    campaigns: list[Campaign]
    participations: list[Participation]

    def influencer_of(self, participation: int) -> Influencer:
        return self.influencers[self.participations[participation].influencer]

    def campaign_of(self, participation: int) -> Campaign:
        return self.campaigns[self.participations[participation].campaign]

    def of_campaign(self, campaign: int) -> list[int]:
        """The participations of a campaign that sell, the strongest first."""
        sellers = [p for p, part in enumerate(self.participations) if part.campaign == campaign and part.pull]
        return sorted(sellers, key=lambda p: -self.participations[p].pull)


#: Two go on when the world ends, after 90 days.
CATALOGUE = (
    ("spring-glow", "Spring Glow", "Lumora", ("US",), "America/New_York", "USD", 4, 60, "percent-8"),
    ("fruehling", "Frühlingsfrisch", "Nordlicht", ("DE",), "Europe/Berlin", "EUR", 14, 75, "tiered"),
    ("sakura", "Sakura Picnic", "Hanami", ("JP",), "Asia/Tokyo", "JPY", 30, 104, "percent-8"),
    ("ramadan", "Ramadan Evenings", "Lumora", ("KW",), "Asia/Kuwait", "KWD", 45, 84, "flat-3"),
    ("always-on", "Always On", "Nordlicht", ("US", "GB", "BR", "DE"), "UTC", "USD", 0, 118, "percent-8"),
    ("london-runs", "London Runs", "Stride", ("GB",), "Europe/London", "GBP", 20, 70, None),
    ("winter-clear", "Winter Clearance", "Stride", ("US", "GB"), "America/New_York", "USD", 0, 25, None),
    ("carnaval", "Carnaval em Casa", "Hanami", ("BR",), "America/Sao_Paulo", "USD", 35, 62, "percent-8"),
)


def draw_cast(rng: np.random.Generator, orders: int, until: datetime) -> Cast:
    """A world that is large enough for `orders`: 16 influencers at least, 120 at most, eight campaigns."""
    starts_at = until - timedelta(days=HORIZON_DAYS)
    influencers = _influencers(rng, min(120, 16 + orders // 250))
    campaigns = [_campaign(starts_at, *row) for row in CATALOGUE]
    return Cast(starts_at, until, influencers, campaigns, _participations(rng, influencers, campaigns))


def _influencers(rng: np.random.Generator, count: int) -> list[Influencer]:
    countries, tiers = list(words.FIRST_NAMES), list(TIERS)
    drawn: list[Influencer] = []
    taken: set[str] = set()
    for i in range(count):
        country = countries[i % len(countries)]
        platform = words.PLATFORMS[i % 6] if i < 12 else str(rng.choice(words.PLATFORMS))
        drawn_tier = tiers[rng.choice(5, p=[0.3, 0.35, 0.2, 0.1, 0.05])]
        largest = LARGEST.get(platform, "mega")
        tier = FIRST_TIERS[i] if i < len(FIRST_TIERS) else min(drawn_tier, largest, key=tiers.index)
        low, high = TIERS[tier]
        first, last = (str(rng.choice(names[country])) for names in (words.FIRST_NAMES, words.LAST_NAMES))
        drawn.append(
            Influencer(
                influencer_id=f"inf-{i + 1:03}",
                handle=_handle(rng, first, taken),
                name=f"{first} {last}",
                platform=platform,
                followers=int(np.exp(rng.uniform(np.log(low), np.log(high)))),
                tier=tier,
                country=country,
                partnership_type=PARTNERSHIPS[i % 5],
                has_account=bool(i % 3),
            )
        )
    return drawn


def _handle(rng: np.random.Generator, first: str, taken: set[str]) -> str:
    while True:
        shape, niche = rng.choice(words.HANDLE_SHAPES), rng.choice(words.NICHES)
        handle = str(shape).format(first=first.lower(), niche=niche, year=rng.integers(88, 100))
        if handle not in taken:
            taken.add(handle)
            return handle


def _campaign(
    starts_at: datetime,
    campaign_id: str,
    name: str,
    brand: str,
    countries: tuple[str, ...],
    timezone: str,
    currency: str,
    from_day: int,
    to_day: int,
    plan: str | None,
) -> Campaign:
    # Polars brings its own time-zone database; the system's may be missing.
    days = pl.Series([datetime(starts_at.year, starts_at.month, starts_at.day)] * 2)  # noqa: DTZ001 local midnight
    local = days + pl.Series([timedelta(days=from_day), timedelta(days=to_day)])
    begins, ends = local.dt.replace_time_zone(timezone).dt.convert_time_zone("UTC").to_list()
    starts_on, last = starts_at.date() + timedelta(days=from_day), starts_at.date() + timedelta(days=to_day - 1)
    return Campaign(
        campaign_id=campaign_id,
        name=name,
        brand=brand,
        countries=countries,
        timezone=timezone,
        currency=currency,
        from_day=from_day,
        to_day=to_day,
        plan=plan,
        starts_at=begins,
        ends_at=ends,
        starts_on=starts_on,
        ends_on=last,
    )


def _participations(
    rng: np.random.Generator, influencers: list[Influencer], campaigns: list[Campaign]
) -> list[Participation]:
    """Everybody in one to three campaigns of their country; the last influencer never sells."""
    drawn: list[Participation] = []
    for i, influencer in enumerate(influencers):
        at_home = [c for c, campaign in enumerate(campaigns) if influencer.country in campaign.countries]
        chosen = {at_home[0], at_home[-1 - i // 6 % len(at_home)]}
        if rng.random() < 0.3:
            chosen.add(int(rng.choice(at_home)))
        for c in sorted(chosen):
            silent = i == len(influencers) - 1
            pull = 0.0 if silent else influencer.followers**0.33 * float(rng.lognormal(0, 0.6))
            drawn.append(Participation(i, c, pull))
    return drawn
