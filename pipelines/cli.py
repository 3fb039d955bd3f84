"""The command line: exit 0 done, 1 a check failed, 2 wrong usage or bad input, 3 an outside system failed."""

import io
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pipelines import commands, history_commands, privacy_cli, publishing_cli, quarantine_cli, rules_cli
from pipelines.failures import BadInput, CodetrailError
from pipelines.garbage import looked_for_seldom
from pipelines.given import given_of
from pipelines.options import (
    CheckpointDir,
    Engine,
    Faults,
    FlinkMaster,
    FromCheckpoint,
    FullRefresh,
    JobEndpoint,
    Json,
    OnGap,
    Parallelism,
    Source,
    WorkerPool,
    flink_settings,
    require_fit,
)
from pipelines.output import Output

HOST, PORT = "127.0.0.1", 8050

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Which influencer earned which order, and what each campaign returned.",
)
quarantine_cli.register(app)
rules_cli.register(app)
privacy_cli.register(app)
publishing_cli.register(app)


@app.callback()
def _workspace(
    context: typer.Context,
    workspace: Annotated[
        Path, typer.Option(envvar="CODETRAIL_WORKSPACE", help="The folder with topics/ and reference/.")
    ] = Path(),
) -> None:
    context.obj = workspace


@app.command(epilog="Example: codetrail --workspace demo demo")
def demo(
    context: typer.Context,
    seed: Annotated[int, typer.Option(help="Another seed, another world.")] = 1,
    orders: Annotated[int, typer.Option(min=1, help="How many real orders the world has.")] = 3000,
    faults: Annotated[Faults, typer.Option(help="How much goes wrong in it.")] = Faults.HOSTILE,
    as_json: Json = False,
) -> None:
    """Make a new workspace with simulated events and take it all the way to the ROI tables and a picture."""
    output = Output(as_json)
    commands.demo(given_of(context), output, seed, orders, faults.value)


@app.command(epilog="Example: codetrail --workspace shop simulate --seed 7 --orders 5000 --faults hostile")
def simulate(
    context: typer.Context,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    orders: Annotated[int, typer.Option(min=1, help="How many real orders the world has.")] = 1000,
    faults: Annotated[Faults, typer.Option(help="How much goes wrong in it.")] = Faults.NONE,
    to: Annotated[Source, typer.Option(help="Topic files, or Kafka's topics as the messages arrive.")] = Source.TOPICS,
    bootstrap_servers: Annotated[str | None, typer.Option(help="Kafka's brokers, host:port[,host:port].")] = None,
    partitions: Annotated[int, typer.Option(min=1, help="Of a topic of Kafka's that is not there yet.")] = 2,
    rate: Annotated[float, typer.Option(min=0, help="Events a second to Kafka; 0: as fast as it goes.")] = 0,
    live: Annotated[
        bool, typer.Option("--live", help="Months pass at --rate: each event happens as it is sent; campaigns are on.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="World after world, with new shoppers each, until SIGTERM or Ctrl-C.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write events, reference data and the truth about them into the workspace, or send the events to Kafka."""
    if to is Source.TOPICS:
        if rate or live or follow or bootstrap_servers:
            raise BadInput("--rate, --live, --follow and --bootstrap-servers go with --to kafka")
        commands.simulate(given_of(context), Output(as_json), seed, orders, faults.value)
        return
    if live and not rate:
        raise BadInput("--live needs a --rate, such as 100: it is how fast the world's time passes")
    asked = {"seed": seed, "orders": orders, "partitions": partitions, "rate": rate, "is_endless": follow}
    given = given_of(context, bootstrap_servers=bootstrap_servers)
    commands.feed(given, Output(as_json), faults.value, live=live, **asked)


@app.command(
    epilog="Example: codetrail --workspace shop run --source kafka --bootstrap-servers localhost:9092 --follow"
)
def run(
    context: typer.Context,
    source: Annotated[Source, typer.Option(help="Where the events come from.")] = Source.TOPICS,
    bootstrap_servers: Annotated[str | None, typer.Option(help="Kafka's brokers, host:port[,host:port].")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until SIGTERM or Ctrl-C.")] = False,
    engine: Annotated[
        Engine | None,
        typer.Option(help="What the job runs on; direct ends, prism and flink follow.", show_default=False),
    ] = None,
    on_gap: Annotated[OnGap, typer.Option(help="When the broker no longer has the next message.")] = OnGap.STOP,
    policy: Annotated[str | None, typer.Option(help="Overrides the setting `policy`.")] = None,
    window_days: Annotated[float | None, typer.Option(help="Overrides the setting `window_days`.")] = None,
    flink_master: FlinkMaster = None,
    job_endpoint: JobEndpoint = None,
    worker_pool: WorkerPool = None,
    parallelism: Parallelism = None,
    checkpoint_dir: CheckpointDir = None,
    from_checkpoint: FromCheckpoint = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info (with --follow) or warning.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Read new events into the lake and attribute every order that they touch; ends when the source is drained."""
    from pipelines.logs import configure as configure_logs
    from pipelines.metrics import serving

    flink = flink_settings(flink_master, job_endpoint, worker_pool, parallelism, checkpoint_dir)
    require_fit(source, engine, follow=follow, has_flink=bool(flink or from_checkpoint))
    options = {"policy": policy, "window_days": window_days, "log_level": log_level, **flink}
    given = given_of(context, bootstrap_servers=bootstrap_servers, **options)
    # What ends by itself tells on standard output what it did.
    configure_logs(given.settings.log_level or ("info" if follow else "warning"), os.environ)
    with serving(given.settings.metrics_port):
        if engine is Engine.FLINK:
            commands.scale_out(given, Output(as_json), on_gap=on_gap.value, from_checkpoint=from_checkpoint)
        elif follow:
            commands.follow(given, Output(as_json), on_gap=on_gap.value, environment=os.environ)
        else:
            commands.run(given, Output(as_json), source.value, on_gap=on_gap.value)


@app.command(epilog="Example: codetrail --workspace shop build")
def build(
    context: typer.Context,
    full_refresh: FullRefresh = False,
    as_of: Annotated[
        str | None, typer.Option(help="The marts as the lake knew them then, a day (its end, UTC) or an instant.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Build the marts from the lake with dbt, in a private file that nobody reads yet; what did not change is kept."""
    if as_of is not None:
        history_commands.build_as_of(given_of(context), Output(as_json), as_of)
        return
    commands.build(given_of(context), Output(as_json), full_refresh=full_refresh)


@app.command(epilog="Example: codetrail --workspace shop check")
def check(context: typer.Context, as_json: Json = False) -> None:
    """Check the lake and the marts (Great Expectations and dbt tests); exit 1 if anything that blocks is broken."""
    commands.check(given_of(context), Output(as_json))


@app.command(epilog="Example: codetrail --workspace shop publish")
def publish(context: typer.Context, as_json: Json = False) -> None:
    """Swap the checked build in as published/current, as one; refuses what was not checked or did not pass."""
    commands.publish(given_of(context), Output(as_json))


@app.command(epilog="Example: codetrail --workspace shop diff 3 5")
def diff(
    context: typer.Context,
    before: Annotated[int, typer.Argument(help="A published version, such as 3.")],
    after: Annotated[int, typer.Argument(help="The one to compare it with.")],
    as_json: Json = False,
) -> None:
    """Show what each influencer's net revenue gained or lost between two published versions, cause by cause."""
    history_commands.diff(given_of(context), Output(as_json), before, after)


@app.command(epilog="Example: codetrail --workspace shop monitor --port 8050")
def monitor(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen at; one that others reach needs a token.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any that is free.")] = PORT,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="Another name of this page, such as a proxy's; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve the live page of a workspace until SIGTERM or Ctrl-C: read-only, from the lake as it grows."""
    from pipelines.logs import configure as configure_logs

    given = given_of(context)
    configure_logs(given.settings.log_level or "warning", os.environ)
    commands.monitor(given, Output(as_json), host, port, tuple(allowed_host or ()))


@app.command(epilog="Example: codetrail --workspace shop explain ord-000017")
def explain(context: typer.Context, order_id: str, as_json: Json = False) -> None:
    """Say of one order who claimed it, why each claim won or lost, and how every model splits its money."""
    commands.explain(given_of(context), Output(as_json), order_id)


@app.command(epilog="Example: codetrail --workspace demo score")
def score(context: typer.Context, as_json: Json = False) -> None:
    """Compare the attribution of a simulated world with the truth: precision, recall, and why each miss."""
    commands.score(given_of(context), Output(as_json))


@app.command(epilog="Example: codetrail --workspace shop status --json")
def status(
    context: typer.Context,
    bootstrap_servers: Annotated[
        str | None, typer.Option(help="Kafka's brokers, to show what is waiting there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how fresh and how large the lake is, what is unread, repeated, rejected and provisional."""
    commands.status(given_of(context, bootstrap_servers=bootstrap_servers), Output(as_json))


@app.command(epilog="Example: codetrail --workspace shop doctor")
def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Say what is missing on this machine or in this workspace, and how to get it."""
    commands.doctor(context.obj, Output(as_json), os.environ)


@app.command(epilog="Example: codetrail --workspace shop compact --vacuum-hours 48")
def compact(
    context: typer.Context,
    vacuum_hours: Annotated[int, typer.Option(min=0, help="Delete files that the lake left this long ago.")] = 24,
    as_json: Json = False,
) -> None:
    """Make large files of the lake's small ones and shorten its log; a run, and readers, may go on meanwhile."""
    commands.compact(given_of(context), Output(as_json), vacuum_hours)


def main() -> None:
    """Runs a command and ends the process with its exit code; an expected failure is one message, no trace."""
    errors = logging.StreamHandler()
    errors.setLevel(logging.ERROR)  # libraries set their loggers' levels as they like
    logging.basicConfig(handlers=[errors])
    signal.signal(signal.SIGINT, _interrupted)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a sign that a terminal cannot show is no reason to stop
    try:
        with looked_for_seldom():
            app()
    except CodetrailError as failure:
        _end_with(str(failure), failure.exit_code)
    except OSError as error:
        _end_with(f"{error}. Free space or mend the permissions, then run the same command again", 3)


def _interrupted(*_: object) -> NoReturn:
    """Ends at once: the lake is whole at any point, and the stages' own threads could turn it into a failure."""
    show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
    sys.stderr.write(f"{show_cursor}\ncodetrail: interrupted; run the same command again to go on from here\n")
    sys.stderr.flush()
    os._exit(130)


def _end_with(message: str, code: int) -> None:
    sys.stderr.write(f"codetrail: {message}\n")
    sys.exit(code)
