"""Restatement: what changed in the reference data and settings, and the orders, money and commission that it moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import pyarrow as pa

from pipelines.jobs.begin import World
from pipelines.jobs.pending import current
from pipelines.jobs.restate import Plan, Restated
from pipelines.reports.comparison import Comparison, compare, moved_orders
from pipelines.rules.money import minor_digits
from pipelines.settings import Settings, settings_of_version
from pipelines.stores.lake import Lake
from pipelines.stores.reference_history import CellChange, changes, read_version, setting_changes
from pipelines.stores.tables import ORDER_ATTRIBUTIONS
from pipelines.warehouse.returns import built_returns, deciding, returns
from pipelines.warehouse.sources import BuildSettings


@dataclass(frozen=True, slots=True)
class Restatement:
    """A restatement, or what one would do; `moved` is None where neither an order nor a cost can have moved.

    Of `orders` in the lake, `touched` were attributed anew and `restated` differ. `former_version` is the reference
    version before, None if the lake had this one; `changes` what differs between both, None where the lake did not
    keep the rows of the former. `epoch` and `restated_at` are None in a dry run.
    """

    reference_version: str
    former_version: str | None
    epoch: int | None
    restated_at: datetime | None
    orders: int
    touched: int
    restated: int
    unknown_versions: tuple[str, ...]
    changes: tuple[CellChange, ...] | None
    moved: Comparison | None


def restatement(world: World, done: Restated, model: str = "policy") -> Restatement:
    """What a restatement moved, or would; read from the lake and the reference data as they are now."""
    plan, lake = done.plan, world.workspace.lake
    now = world.reference().tables
    former = None if plan.former is None else read_version(lake, plan.former.reference_version)
    differing = _changes(plan, former, now, world.settings)
    moved = None
    if plan.revisions.height or plan.former is not None:
        made_with = plan.former.settings if plan.former else world.settings.deciding()
        before = settings_of_version(world.settings, made_with)
        moved = compared(world, plan, (former or now, now), (before, world.settings), model)
    return Restatement(
        reference_version=plan.book.reference_version,
        former_version=None if plan.former is None else plan.former.reference_version,
        epoch=done.epoch,
        restated_at=done.restated_at,
        orders=plan.orders,
        touched=plan.touched,
        restated=plan.revisions.height,
        unknown_versions=plan.unknown,
        changes=differing,
        moved=moved,
    )


def compared(
    world: World,
    plan: Plan,
    references: tuple[Mapping[str, pa.Table], Mapping[str, pa.Table]],
    settings: tuple[Settings, Settings],
    model: str,
) -> Comparison:
    """Returns before and after a plan, each with its reference data and settings, by the marts' own models."""
    root, lake = world.workspace.root, world.workspace.lake
    (then, after), (former, now), at = _sides(lake, plan), references, world.now()
    of_then, of_now = (BuildSettings.of(its, lake.watermark()) for its in settings)
    # The last build says the former, unless what it is of was restated, or changed, since.
    was = built_returns(root, former, of_then, model) or returns(root, then, former, of_then, model, at)
    is_now = returns(root, after, now, of_now, model, at)
    currencies = settings[0].reporting_currency, settings[1].reporting_currency
    digits = minor_digits(currencies[0]) or 0, minor_digits(currencies[1]) or 0
    concerned = pl.col("order_id").is_in(plan.revisions["order_id"].implode())
    moved = moved_orders(model, then.filter(concerned), after.filter(concerned), digits)
    return compare(model, was, is_now, currencies, moved)


def _sides(lake: Lake, plan: Plan) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every order's attribution before and after a plan, whether it has been committed or not."""
    names = tuple(ORDER_ATTRIBUTIONS.names)
    if not plan.revisions.height:
        same = deciding(current(lake, names))
        return same, same
    written = plan.revisions.select("order_id", "revision_key")
    before = deciding(current(lake, names, without=written))
    after = deciding(plan.revisions)
    return before, pl.concat([before.join(written, on="order_id", how="anti"), after])


def _changes(
    plan: Plan, former: Mapping[str, pa.Table] | None, now: Mapping[str, pa.Table], settings: Settings
) -> tuple[CellChange, ...] | None:
    if plan.former is None:
        return ()
    of_settings = tuple(setting_changes(plan.former.settings, settings.deciding()))
    return None if former is None else (*of_settings, *changes(former, now))
