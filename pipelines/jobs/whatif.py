"""What if: the orders that other rules would attribute otherwise, with nothing written."""

from dataclasses import dataclass

from pipelines.jobs.begin import World
from pipelines.jobs.restate import Plan, plan_restatement, waiting
from pipelines.settings import Settings
from pipelines.stores.rulebook import rulebook


@dataclass(frozen=True)
class WhatIf:
    """What other settings would move. `waiting` orders may be touched by changed reference data as well."""

    plan: Plan
    settings: Settings
    waiting: int


def what_if(world: World, settings: Settings) -> WhatIf:
    """What these settings would make of the workspace's lake, by the rules that a run goes by.

    Raises BadInput without a lake, or where the reference data are wrong.
    """
    before = waiting(world)
    book = rulebook(world.reference(), settings)
    plan = plan_restatement(world.workspace.lake, book, settings, money_only=True)
    return WhatIf(plan, settings, before)
