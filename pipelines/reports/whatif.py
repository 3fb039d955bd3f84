"""What if: the returns under other rules beside today's, with the orders that move."""

from dataclasses import dataclass

from pipelines.jobs.begin import World
from pipelines.jobs.whatif import what_if
from pipelines.reports.comparison import Comparison
from pipelines.reports.restatement import compared
from pipelines.rules.presets import Preset
from pipelines.settings import Settings
from pipelines.stores.reference_history import CellChange, setting_changes


@dataclass(frozen=True, slots=True)
class WhatIfReport:
    """What other rules would move: `changes` are those of the settings, `moved` the returns of today and then.

    `preset` is the published policy that was asked for. `waiting` orders may be touched by changed reference data, too,
    which both sides are reckoned with.
    """

    preset: Preset | None
    changes: tuple[CellChange, ...]
    touched: int
    waiting: int
    moved: Comparison


def whatif(world: World, settings: Settings, model: str, preset: Preset | None = None) -> WhatIfReport:
    """The workspace's lake under other settings beside the world's own; nothing is written.

    Raises BadInput without a lake, or where the reference data are wrong.
    """
    found = what_if(world, settings)
    tables = world.reference().tables
    moved = compared(world, found.plan, (tables, tables), (world.settings, settings), model)
    return WhatIfReport(
        preset=preset,
        changes=tuple(setting_changes(world.settings.deciding(), settings.deciding())),
        touched=found.plan.touched,
        waiting=found.waiting,
        moved=moved,
    )
