"""The commands that keep what is published fresh: build, check and publish as one, and its copy in an object store."""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from pipelines import commands
from pipelines.commands import Given
from pipelines.failures import BadInput
from pipelines.given import given_of
from pipelines.options import Json
from pipelines.output import Output

StorageOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--storage-option", help="NAME=VALUE by Delta's names, may be repeated; secrets belong into the environment."
    ),
]


def register(app: typer.Typer) -> None:
    """Adds these commands to the command line."""
    app.command(epilog="Example: codetrail --workspace shop refresh --every 300")(refresh)
    app.command(epilog="Example: codetrail --workspace shop export s3://bucket/marts")(export)


def refresh(
    context: typer.Context,
    every: Annotated[
        float | None,
        typer.Option(min=1, help="Again each so many seconds, until SIGTERM or Ctrl-C.", show_default=False),
    ] = None,
    export_to: Annotated[str | None, typer.Option(help="A URI to copy what is published to, as `export` does.")] = None,
    storage_option: StorageOptions = None,
    as_json: Json = False,
) -> None:
    """Build, check and publish; with --every a failure is told, leaves what is published, and is tried again."""
    from pipelines.logs import configure as configure_logs
    from pipelines.metrics import serving
    from pipelines.stopping import stopped_by_signals
    from pipelines.warehouse.refresh import refresh as refresh_once
    from pipelines.warehouse.refresh import refresh_every
    from pipelines.warehouse.refresh_metrics import REGISTRY

    given, output, options = given_of(context), Output(as_json), _pairs(storage_option)
    configure_logs(given.settings.log_level or "warning", os.environ)

    def steps() -> Mapping[str, Callable[[], None]]:
        now, is_last = given_of(context), export_to is None
        taken = {
            "build": partial(commands.build, now, output, final=False),
            "check": partial(commands.check, now, output, final=False),
            "publish": partial(commands.publish, now, output, final=is_last),
        }
        return taken if export_to is None else {**taken, "export": partial(_export, now, output, export_to, options)}

    with serving(given.settings.metrics_port, REGISTRY):
        if every is None:
            refresh_once(given.root, steps(), threading.Event())
            return
        with stopped_by_signals() as stop:
            refresh_every(every, given.root, steps, stop)


def export(
    context: typer.Context,
    uri: Annotated[str, typer.Argument(help="Where to, such as s3://bucket/marts, gs://…, az://… or a folder.")],
    storage_option: StorageOptions = None,
    as_json: Json = False,
) -> None:
    """Copy what is published to an object store, each mart as one Delta table; what is there already is left alone."""
    _export(given_of(context), Output(as_json), uri, _pairs(storage_option))


def _export(given: Given, output: Output, uri: str, options: dict[str, str]) -> None:
    from pipelines.warehouse.export import export as export_marts

    with output.working("exporting"):
        done = export_marts(given.root, uri, options)
    output.result(
        asdict(done),
        f"[bold]export[/]    version {done.version}: {done.written} marts written, {done.unchanged} there already; "
        f"{done.uri}",
    )


def _pairs(given: list[str] | None) -> dict[str, str]:
    for one in given or ():
        if not one.partition("=")[0] or "=" not in one:
            raise BadInput(f"--storage-option {one!r} is no NAME=VALUE, such as AWS_REGION=eu-central-1")
    return dict(one.split("=", 1) for one in given or ())
