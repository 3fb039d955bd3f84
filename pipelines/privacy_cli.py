"""The command about people: erase one of them everywhere, and keep the money."""

import sys
from typing import Annotated

import typer

from pipelines.given import given_of
from pipelines.options import Json
from pipelines.output import Output

Customer = Annotated[str, typer.Option(help="The person's customer_id, as the shop sends it.")]
Also = Annotated[
    list[str] | None,
    typer.Option(help="Another text that names them, such as a phone number; may be repeated.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Adds this command to the command line."""
    app.command(epilog="Example: codetrail --workspace shop erase --customer cust-100017 --yes")(erase)


def erase(
    context: typer.Context,
    customer: Customer,
    also: Also = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase; without it only what would go is shown.")] = False,
    as_json: Json = False,
) -> None:
    """Take a person out of lake, topic files, rejects, reference data and published tables; the money totals stay."""
    from pipelines import privacy_commands

    asks = sys.stdin.isatty() and not as_json
    privacy_commands.erase(given_of(context), Output(as_json), customer, also or (), is_agreed=yes, asks=asks)
