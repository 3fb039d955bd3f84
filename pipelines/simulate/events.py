"""What shoppers did as messages: one frame a topic, its columns the fields, in order of time."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.simulate import vocabulary as words
from pipelines.simulate.cast import Cast
from pipelines.simulate.faults import Faults
from pipelines.simulate.materials import Materials
from pipelines.simulate.shoppers import Clicks
from pipelines.simulate.writing import instants

FIRST_ACCOUNT = 100_001


def scrambled(prefix: str, numbers: pl.Expr, salt: int) -> pl.Expr:
    """Ids that look drawn and never repeat: an odd factor permutes the numbers below 2^32."""
    mixed = (numbers.cast(pl.UInt64) * 2_654_435_761 + salt) % 2**32
    return pl.format("{}{}", pl.lit(prefix), mixed.cast(pl.String).str.zfill(10))


def visitor_ids(numbers: pl.Expr, faults: Faults) -> pl.Expr:
    """A cookie's value each; null for -1. Where addresses leak, some shops put one into the cookie."""
    cookie = scrambled("v", numbers.clip(lower_bound=0), 77)
    address = pl.format("{}{}@mail.example", pl.lit("shopper."), numbers)
    return pl.when(numbers >= 0).then(pl.when(_is_address(numbers, faults)).then(address).otherwise(cookie))


def _is_address(visitor: pl.Expr, faults: Faults) -> pl.Expr:
    """The same visitors on every topic, spread over all of them."""
    return visitor.clip(lower_bound=0) * 7919 % 10_000 < round(faults.addresses * 10_000)


def pick(pool: list[Any], chosen: npt.NDArray[np.int64], missing: npt.NDArray[np.bool_] | None = None) -> pl.Series:
    """The pool's elements at the positions chosen, null where missing."""
    picked = pl.Series(pool, dtype=pl.String).gather(chosen)
    return picked if missing is None else picked.set(pl.Series(missing), None)


def click_frame(
    rng: np.random.Generator, cast: Cast, materials: Materials, clicks: Clicks, faults: Faults
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The clicks, with `at`, the instant in microseconds, as the last column; and how many are at fault, by kind."""
    count, links = len(clicks.clicked_at), materials.links
    tracked = clicks.link >= 0
    clean = len(words.UNTRACKED_URLS) - (not faults.addresses)  # the last has an address in it
    untracked = len(links) + rng.integers(0, clean, count)
    page = np.where(tracked, clicks.link, untracked)
    # Three spellings of an address: as it is, with an ad platform's own parameter, with a fragment.
    plain = [link.url for link in links] + list(words.UNTRACKED_URLS)
    urls = [shape(url) for shape in (str, _with_click_id, lambda url: url + "#top") for url in plain]
    page_shape = rng.choice(3, count, p=[0.8, 0.15, 0.05])
    own_ids = [link.link_id if not link.utm else None for link in links] + [None] * len(words.UNTRACKED_URLS)
    platforms = [cast.influencer_of(link.participation).platform for link in links]
    sites = [words.REFERRERS[platform] for platform in platforms] + ["https://www.google.com/"]
    agents = [*words.BROWSERS, *words.CRAWLERS]
    browser = rng.choice(len(words.BROWSERS), count)
    crawler = len(words.BROWSERS) + rng.choice(len(words.CRAWLERS), count)
    skewed = rng.random(count) < faults.skewed
    skew = (rng.normal(0, 600, count) * 1000).astype(np.int64) * 1000
    leaking = pl.Series(clicks.visitor).to_frame("visitor").select(_is_address(pl.col("visitor"), faults)).to_series()
    counts = {
        "bot_click": int(clicks.is_crawler.sum()),
        "skewed_clock": int(skewed.sum()),
        "address_as_id": int(leaking.sum()),
    }
    head = clicks.is_crawler & (rng.random(count) < 0.3)
    consent = rng.random(count)
    frame = pl.DataFrame(
        {
            "number": np.arange(count),
            "at": clicks.clicked_at + np.where(skewed, skew, 0),
            "visitor": clicks.visitor,
            "url": pick(urls, page_shape * len(plain) + page),
            "link_id": pick(own_ids, page),
            "referrer": pick(sites, np.where(tracked, clicks.link, len(links)), rng.random(count) < 0.3),
            "user_agent": pick(agents, np.where(clicks.is_crawler, crawler, browser), rng.random(count) < 0.01),
            "network": rng.integers(0, 2**17, count),
            "http_method": pick(["GET", "HEAD"], head.astype(np.int64), ~head & (rng.random(count) < 0.5)),
            "consent": pl.Series(consent > 0.02).set(pl.Series(consent > 0.5), None),
            "known": (clicks.visitor % 20 == 4) & (rng.random(count) < 0.5),
        }
    )
    fields = frame.select(
        event_id=scrambled("clk-", pl.col("number"), 11),
        occurred_at=instants("at"),
        visitor_id=visitor_ids(pl.col("visitor"), faults),
        url="url",
        link_id="link_id",
        customer_id=pl.when("known").then(pl.format("cust-{}", pl.col("visitor") // 2 + FIRST_ACCOUNT)),
        referrer="referrer",
        user_agent="user_agent",
        # 198.18.0.0/15 belongs to nobody: it is reserved for measurements.
        ip=pl.format(
            "198.{}.{}.{}", pl.col("network") // 65_536 + 18, pl.col("network") // 256 % 256, pl.col("network") % 256
        ),
        http_method="http_method",
        consent="consent",
        at="at",
    )
    return fields, counts


def _with_click_id(url: str) -> str:
    return url + ("&" if "?" in url else "?") + "fbclid=IwZXh0bgNhZW0"
