"""Simulates a workspace: a seeded world of influencers and shoppers, the messages it sends, and the truth about it."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.failures import BadInput
from pipelines.simulate.cast import draw_cast
from pipelines.simulate.events import click_frame, post_metrics_frame
from pipelines.simulate.faults import PROFILES, Faults, Profile, delivered
from pipelines.simulate.malformed import broken_messages
from pipelines.simulate.materials import draw_materials
from pipelines.simulate.reference import write_reference
from pipelines.simulate.sales import draw_sales, sales_frames
from pipelines.simulate.shoppers import draw_clicks, draw_purchases, microseconds
from pipelines.simulate.truth import write_truth
from pipelines.simulate.writing import json_lines, write_lines

LATE_TOPICS = ("clicks", "redemptions")


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was made; `messages` counts each topic's lines, `faults` those injected by kind."""

    messages: dict[str, int]
    orders: int
    influencers: int
    campaigns: int
    faults: dict[str, int]


def simulate(folder: Path, *, seed: int, orders: int, faults: Profile, until: datetime) -> Simulated:
    """Writes topics, reference data and truth below `folder`, the same bytes for the same arguments.

    The world lasts 90 days and ends at `until`; only clocks that are wrong say something later.
    Raises BadInput, before anything is written, if the folder holds one of the three already.
    """
    _refuse(folder, seed, orders, until)
    profile = PROFILES[faults]
    rng = np.random.default_rng(seed)
    cast = draw_cast(rng, orders, until.astimezone(UTC))
    materials = draw_materials(rng, cast)
    shopping = draw_purchases(rng, cast, materials, orders, profile)
    sales = draw_sales(rng, cast, shopping)
    brought = shopping.brought_by >= 0
    revenue = np.zeros(len(cast.participations))
    np.add.at(revenue, shopping.brought_by[brought], sales.net_usd[brought])
    folder.mkdir(parents=True, exist_ok=True)
    write_reference(folder / "reference", rng, cast, materials, revenue)
    owners = [*(cast.influencer_of(p).influencer_id for p in range(len(cast.participations))), None]
    write_truth(folder, ((f"ORD-{100_001 + order}", owners[p]) for order, p in enumerate(shopping.brought_by.tolist())))

    counts = Counter(silent_influencer=1, leaked_code=round(orders * profile.leaked))
    topics = folder / "topics"
    topics.mkdir()
    order_events, redemptions, in_sales = sales_frames(rng, cast, materials, shopping, sales, profile)
    messages = {"orders": _send(rng, topics, "orders", order_events, profile, counts)}
    messages["redemptions"] = _send(rng, topics, "redemptions", redemptions, profile, counts)
    posts = post_metrics_frame(rng, cast, materials, microseconds(until))
    messages["post_metrics"] = _send(rng, topics, "post_metrics", posts, profile, counts)
    clicks = draw_clicks(rng, cast, materials, shopping, profile)
    frame, in_clicks = click_frame(rng, cast, materials, clicks, profile)
    counts.update(in_sales | in_clicks)
    messages["clicks"] = _send(rng, topics, "clicks", frame, profile, counts)
    found = {kind: count for kind, count in sorted(counts.items()) if count}
    return Simulated(messages, orders, len(cast.influencers), len(cast.campaigns), found)


def _refuse(folder: Path, seed: int, orders: int, until: datetime) -> None:
    for taken in ("topics", "reference", "truth"):
        if (folder / taken).exists():
            raise BadInput(f"{folder / taken} exists already: simulate into a new folder, or remove this one first")
    if orders < 1 or seed < 0:
        raise BadInput(f"seed {seed} and orders {orders} make no world: give a seed of 0 or more and 1 order or more")
    if until.tzinfo is None:
        raise BadInput(f"the end of the world, {until}, has no time zone: add one, such as {until.isoformat()}Z")


def _send(
    rng: np.random.Generator, topics: Path, topic: str, frame: pl.DataFrame, faults: Faults, counts: Counter[str]
) -> int:
    lines = json_lines(frame.drop("at"))
    inserts, broken = broken_messages(rng, topic, lines, faults.malformed)
    may_be_late = topic in LATE_TOPICS
    sent, order, in_delivery = delivered(rng, lines, frame["at"].to_numpy(), faults, may_be_late=may_be_late)
    counts.update(in_delivery)
    counts.update(broken)
    return write_lines(topics / f"{topic}.ndjson", sent, order, inserts)
