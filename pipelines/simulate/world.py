"""Simulates a workspace: a seeded world of influencers and shoppers, the messages it sends, and the truth about it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.failures import BadInput
from pipelines.simulate.cast import draw_cast
from pipelines.simulate.deliveries import Delivery
from pipelines.simulate.events import click_frame
from pipelines.simulate.faults import PROFILES, Faults, Profile, delivered
from pipelines.simulate.following import draw_following
from pipelines.simulate.malformed import broken_messages
from pipelines.simulate.materials import draw_materials
from pipelines.simulate.post_metrics import post_metrics_frame
from pipelines.simulate.reference import write_reference
from pipelines.simulate.results import results_of
from pipelines.simulate.sales import draw_sales, sales_frames
from pipelines.simulate.shoppers import draw_clicks, draw_purchases
from pipelines.simulate.truth import extend_truth, write_truth
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
    require_room(folder, seed, orders, until)
    topics = folder / "topics"
    topics.mkdir(parents=True)

    def write(delivery: Delivery) -> None:
        write_lines(topics / f"{delivery.topic}.ndjson", delivery.lines, delivery.order, delivery.inserts)

    return make_world(folder, write, seed=seed, orders=orders, faults=PROFILES[faults], until=until)


def make_world(
    folder: Path,
    deliver: Callable[[Delivery], None],
    *,
    seed: int,
    orders: int,
    faults: Faults,
    until: datetime,
    number: int = 0,
) -> Simulated:
    """Writes reference data and truth below `folder`, and hands over what is to arrive on each topic.

    Worlds of other numbers belong to world 0: its influencers, codes and links, other shoppers with ids of their
    own. They need its folder, and add their orders to its truth.
    """
    rng = np.random.default_rng(seed)
    cast = draw_cast(rng, orders, until.astimezone(UTC))
    materials = draw_materials(rng, cast)
    following = draw_following(rng, cast, materials, faults.bought)
    if number:
        rng = np.random.default_rng([seed, number])
    shopping = draw_purchases(rng, cast, materials, orders, faults)
    sales = draw_sales(rng, cast, shopping)
    clicks = draw_clicks(rng, cast, materials, shopping, faults)
    posts_seen, in_posts = post_metrics_frame(rng, cast, materials, following, clicks, faults)
    owners = [*(cast.influencer_of(p).influencer_id for p in range(len(cast.participations))), None]
    credits_due = [(f"ORD-{100_001 + order}", owners[p]) for order, p in enumerate(shopping.brought_by.tolist())]
    if number:
        extend_truth(folder, [(_of_world(number, order), owner) for order, owner in credits_due])
    else:
        folder.mkdir(parents=True, exist_ok=True)
        results = results_of(cast, materials, shopping, sales, clicks, posts_seen)
        write_reference(folder / "reference", rng, cast, materials, results, following)
        write_truth(folder, credits_due)

    counts = Counter(silent_influencer=1, leaked_code=round(orders * faults.leaked))
    messages: dict[str, int] = {}

    def send(topic: str, frame: pl.DataFrame) -> None:
        delivery = _delivery(rng, topic, frame, faults, number, counts)
        messages[topic] = len(delivery.order) + len(delivery.inserts)
        deliver(delivery)

    order_events, redemptions, in_sales = sales_frames(rng, cast, materials, shopping, sales, faults)
    send("orders", order_events)
    send("redemptions", redemptions)
    send("post_metrics", posts_seen)
    click_events, in_clicks = click_frame(rng, cast, materials, clicks, faults)
    send("clicks", click_events)
    counts.update(in_sales | in_posts | in_clicks)
    found = {kind: count for kind, count in sorted(counts.items()) if count}
    return Simulated(messages, orders, len(cast.influencers), len(cast.campaigns), found)


def require_room(folder: Path, seed: int, orders: int, until: datetime) -> None:
    """Raises BadInput if the folder holds a world's files already, or the arguments make no world."""
    for taken in ("topics", "reference", "truth"):
        if (folder / taken).exists():
            raise BadInput(f"{folder / taken} exists already: simulate into a new folder, or remove this one first")
    if orders < 1 or seed < 0:
        raise BadInput(f"seed {seed} and orders {orders} make no world: give a seed of 0 or more and 1 order or more")
    if until.tzinfo is None:
        raise BadInput(f"the end of the world, {until}, has no time zone: add one, such as {until.isoformat()}Z")


def _delivery(
    rng: np.random.Generator, topic: str, frame: pl.DataFrame, faults: Faults, number: int, counts: Counter[str]
) -> Delivery:
    lines = json_lines(frame.drop("at"))
    if number:
        lines = lines.str.replace_many({f'"{name}":"': f'"{name}":"{number}-' for name in ("event_id", "visitor_id")})
        lines = lines.str.replace('"order_id":"ORD-', f'"order_id":"{_of_world(number, "ORD-")}', literal=True)
    inserts, broken = broken_messages(rng, topic, lines, faults.malformed)
    may_be_late = topic in LATE_TOPICS
    sent, order, arrives_at, in_delivery = delivered(
        rng, lines, frame["at"].to_numpy(), faults, may_be_late=may_be_late
    )
    counts.update(in_delivery)
    counts.update(broken)
    return Delivery(topic, sent, order, arrives_at, inserts)


def _of_world(number: int, order_id: str) -> str:
    return order_id.replace("ORD-", f"ORD-{number}-")
