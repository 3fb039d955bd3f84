"""Reattribute: orders that the lake holds, attributed anew by other rules, a part of them at a time."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import polars as pl

from pipelines.columnar.links import LinkResolver
from pipelines.jobs.pending import clicks_of
from pipelines.records import OrderSets
from pipelines.stages.resolve import COLUMNS, as_read
from pipelines.stages.revisions import digests, revision_rows
from pipelines.stages.shards import VisitorShard
from pipelines.stores.lake import Lake
from pipelines.stores.rulebook import Rulebook

PART_ORDERS = 25_000  # whose claims and credits are in memory as objects, at some kilobytes each
ALONE = 2 * PART_ORDERS  # up to so many, another process would take longer to start than to help


@dataclass(frozen=True, slots=True)
class Part:
    """Some orders' messages, their redemptions' and their visitors' clicks, as attribution reads them."""

    events: pl.DataFrame
    redemptions: pl.DataFrame
    clicks: pl.DataFrame


def reattributed(
    lake: Lake, orders: pl.Series, book: Rulebook, *, processes: int | None = None
) -> Iterator[pl.DataFrame]:
    """The attributions of these orders by the rules of `book`, as revisions without what a commit adds, with `digest`.

    Read are the messages that the lake holds now. What is no order (any more) has only its id. `processes`: as many
    as there are cores, if not given.
    """
    if not len(orders):
        return
    parts = list(_parts(lake, orders.unique(), book))
    processes = processes or len(os.sched_getaffinity(0))
    if len(orders) <= ALONE or processes == 1:
        yield from (attributed(part, book) for part in parts)
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_remember, initargs=(book,)) as pool:
        yield from pool.map(_attributed, parts)


def attributed(part: Part, book: Rulebook) -> pl.DataFrame:
    """What the rules say of the orders of a part."""
    shard = VisitorShard()
    shard.add_clicks(part.clicks)
    orders = shard.add_orders(OrderSets(part.events, part.redemptions))
    found, none, evidence = shard.attribute(orders, book.rules, book.links, 0, 1)
    rows = revision_rows(found, none, evidence)
    return rows.with_columns(digests(rows))


_BOOK: list[Rulebook] = []  # of a process of the pool: sent once, not with each part


def _remember(book: Rulebook) -> None:
    _BOOK[:] = [book]


def _attributed(part: Part) -> pl.DataFrame:
    return attributed(part, _BOOK[0])


def _parts(lake: Lake, orders: pl.Series, book: Rulebook) -> Iterator[Part]:
    """The orders' messages, cut so that each order is whole in one part."""
    resolver = LinkResolver(book.links)
    named = pl.col("order_id").is_in(orders.implode())
    events, redemptions = (as_read(t, lake.read(t, COLUMNS[t], named), resolver) for t in ("orders", "redemptions"))
    visitors = events["visitor_id"].drop_nulls().unique()
    clicks = as_read("clicks", clicks_of(lake, visitors), resolver)
    count = -(-len(orders) // PART_ORDERS)
    numbers = orders.to_frame("order_id").with_row_index("part").with_columns(pl.col("part") % count)
    by_part = [_by_part(rows.join(numbers, on="order_id"), count) for rows in (events, redemptions)]
    for its_events, its_redemptions in zip(*by_part, strict=True):
        its_clicks = clicks.join(its_events.select("visitor_id").unique(), on="visitor_id", how="semi")
        yield Part(its_events, its_redemptions, its_clicks)


def _by_part(rows: pl.DataFrame, count: int) -> Sequence[pl.DataFrame]:
    found = rows.partition_by("part", as_dict=True, include_key=False)
    return [found.get((number,), rows.clear().drop("part")) for number in range(count)]
