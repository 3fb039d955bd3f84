"""The commands about rules: restate what they changed, ask what others would do, look at the reference history."""

import re
from enum import StrEnum
from typing import Annotated

import typer

from pipelines.failures import BadInput
from pipelines.given import given_of
from pipelines.options import Json
from pipelines.output import Output
from pipelines.rules.models import MODELS
from pipelines.rules.presets import PRESETS

Model = StrEnum("Model", {name: name for name in MODELS})  # type: ignore[misc]
PresetName = StrEnum("PresetName", {preset.name: preset.name for preset in PRESETS})  # type: ignore[misc]
POLICY = Model("policy")

reference_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The reference data that the lake has seen: who changed what."
)


def register(app: typer.Typer) -> None:
    """Adds these commands to the command line."""
    app.command(epilog="Example: codetrail --workspace shop restate --dry-run")(restate)
    app.command(epilog="Example: codetrail --workspace shop whatif --policy link_wins --window 7d --explain")(whatif)
    app.add_typer(reference_app, name="reference")


def restate(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would move; write nothing.")] = False,
    model: Annotated[Model, typer.Option(help="Whose credits the table shows.")] = POLICY,
    as_json: Json = False,
) -> None:
    """Attribute anew what changed reference data or settings touch, and show the orders and money that it moves."""
    from pipelines import rules_commands

    rules_commands.restate(given_of(context), Output(as_json), model.value, dry_run=dry_run)


def whatif(
    context: typer.Context,
    policy: Annotated[str | None, typer.Option(help="code_wins, link_wins, if_involved or if_winner.")] = None,
    window: Annotated[str | None, typer.Option(help="How long a click counts, such as 7d or 12h.")] = None,
    path_transform: Annotated[str | None, typer.Option(help="none, collapse_repeats or unique.")] = None,
    half_life: Annotated[str | None, typer.Option(help="Of the model time_decay, such as 7d.")] = None,
    model: Annotated[Model, typer.Option(help="Whose credits the table shows.")] = POLICY,
    preset: Annotated[
        PresetName | None, typer.Option(help="A policy that a vendor publishes, with its source.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="List the orders that move.")] = False,
    as_json: Json = False,
) -> None:
    """Show the ROI table under other rules beside today's, and what moved; nothing is written."""
    from pipelines import rules_commands

    chosen = next((one for one in PRESETS if preset is not None and one.name == preset.value), None)
    if chosen is not None and policy is not None:
        raise BadInput("--preset is a policy: leave --policy out")
    options = {
        "policy": chosen.policy if chosen else policy,
        "window_days": _days("--window", window),
        "path_transform": path_transform,
        "half_life_days": _days("--half-life", half_life),
    }
    today, other = given_of(context), given_of(context, **options)
    rules_commands.whatif(today, other.settings, Output(as_json), model.value, chosen, explain=explain)


def _days(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([dh]?)", text)
    if found is None:
        raise BadInput(f"{option} {text!r} is no time: write it as 7d or 12h")
    return float(found[1]) / (24 if found[2] == "h" else 1)


@reference_app.command("list", epilog="Example: codetrail --workspace shop reference list")
def reference_list(context: typer.Context, as_json: Json = False) -> None:
    """List every reference version that the lake saw, with who brought it and how many orders use it."""
    from pipelines import rules_commands

    rules_commands.reference_list(given_of(context), Output(as_json))


@reference_app.command("diff", epilog="Example: codetrail --workspace shop reference diff")
def reference_diff(
    context: typer.Context,
    before: Annotated[str | None, typer.Argument(help="A version, or its first characters.")] = None,
    after: Annotated[str | None, typer.Argument(help="The one to compare it with; the last if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Show what changed between two reference versions, by table, row and column; by default the last two."""
    from pipelines import rules_commands

    rules_commands.reference_diff(given_of(context), Output(as_json), before, after)


@reference_app.command("show", epilog="Example: codetrail --workspace shop reference show 4f1c2ab9 codes")
def reference_show(context: typer.Context, version: str, table: str, as_json: Json = False) -> None:
    """Show a reference table as an old version has it."""
    from pipelines import rules_commands

    rules_commands.reference_show(given_of(context), Output(as_json), version, table)
