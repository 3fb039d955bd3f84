"""The commands: each calls what does the work, and hands the result to the output."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from pipelines.failures import BadInput, CheckFailed
from pipelines.lineage import lineage_of
from pipelines.output import Output
from pipelines.reports.summary import ran, simulated
from pipelines.settings import Settings
from pipelines.stores.workspace import Workspace

if TYPE_CHECKING:
    from pipelines.jobs.begin import World

END_OF_THE_WORLD = datetime(2026, 3, 31, tzinfo=UTC)  # a simulated world's: fixed, so that a seed gives the same bytes


@dataclass(frozen=True)
class Given:
    """What a command is given of the world outside: where it works, its settings, the key, the clock, randomness."""

    workspace: Workspace
    settings: Settings
    hash_key: Callable[[], bytes]
    now: Callable[[], datetime]
    new_token: Callable[[], str]
    user: str = "unknown"
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)  # others' secrets may be in it

    @property
    def root(self) -> Path:
        return self.workspace.root

    def world(self) -> "World":
        """What a run of the job is given of it."""
        from pipelines.jobs.begin import World

        return World(self.workspace, self.settings, self.hash_key(), self.now, self.new_token, self.user)


def demo(given: Given, output: Output, seed: int, orders: int, faults: str) -> None:
    from pipelines.simulate.demo_folder import make_anew
    from pipelines.warehouse.commission_table import commission_table
    from pipelines.warehouse.pacing_table import pacing_table
    from pipelines.warehouse.picture import draw_roi
    from pipelines.warehouse.roi_rows import campaign_rows, influencer_rows
    from pipelines.warehouse.roi_tables import campaign_table, influencer_table
    from pipelines.warehouse.versions import current_version

    make_anew(given.root)
    simulate(given, output, seed, orders, faults, final=False)
    run(given, output, final=False)
    build(given, output, final=False)
    check(given, output, final=False)
    publish(given, output, final=False)
    with output.working("drawing"):
        html, png = draw_roi(given.root)
    output.say("", campaign_table(given.root), influencer_table(given.root))
    output.say("", commission_table(given.root), "", pacing_table(given.root))
    found = score(given, output, final=False)
    output.say(
        "",
        Text(f"The picture: {html}\n             {png}"),
        Text(f"Look into any order: codetrail --workspace {given.root} explain {_most_claimed(given)}"),
    )
    folder, _ = current_version(given.root)
    output.result(
        {
            "workspace": str(given.root),
            "campaigns": [asdict(row) for row in campaign_rows(folder)],
            "influencers": [asdict(row) for row in influencer_rows(folder)],
            "score": asdict(found),
            "picture": [str(html), str(png)],
        }
    )


def simulate(given: Given, output: Output, seed: int, orders: int, faults: Any, *, final: bool = True) -> None:
    from pipelines.simulate.world import simulate as simulate_world

    given.root.mkdir(parents=True, exist_ok=True)
    with output.working("simulating"):
        made = simulate_world(given.root, seed=seed, orders=orders, faults=faults, until=END_OF_THE_WORLD)
    _end(output, final, asdict(made), simulated(made))


def feed(given: Given, output: Output, faults: Any, *, live: bool, **asked: Any) -> None:
    from pipelines.simulate.faults import PROFILES
    from pipelines.simulate.feeding import Feed
    from pipelines.simulate.feeding import feed as feed_kafka
    from pipelines.simulate.live import end_of_a_world_around
    from pipelines.stopping import stopped_by_signals
    from pipelines.stores.kafka_connection import connection_of

    until = end_of_a_world_around(given.now()) if live else END_OF_THE_WORLD
    what = Feed(faults=PROFILES[faults], until=until, is_live=live, **asked)
    with output.working("feeding"), stopped_by_signals() as stop:
        fed = feed_kafka(given.root, connection_of(given.settings), what, stop, given.now)
    output.result(asdict(fed), simulated(fed) + ("" if fed.is_complete else "; stopped before it was through"))


def run(given: Given, output: Output, source: str = "topics", *, on_gap: str = "stop", final: bool = True) -> None:
    from pipelines.jobs.drain import drain_kafka, drain_topics

    with lineage_of(given, "run", source), output.working("reading, landing, attributing"):
        if source == "kafka":
            done = drain_kafka(given.world(), goes_on_at_gaps=on_gap == "continue")
        else:
            done = drain_topics(given.world())
    _end(output, final, asdict(done), ran(done))


def follow(given: Given, output: Output, *, on_gap: str, environment: Mapping[str, str]) -> None:
    from pipelines.jobs.beat import Heart
    from pipelines.jobs.follow import follow_kafka
    from pipelines.jobs.restarts import until_stopped
    from pipelines.stores.prism import SERVICES, find_prism

    prism, heart = find_prism(environment, shutil.which, SERVICES), Heart(given.workspace.lake, given.now)
    following = partial(follow_kafka, given.world(), heart, prism, goes_on_at_gaps=on_gap == "continue")
    with lineage_of(given, "run", "kafka", is_endless=True):
        done = until_stopped(following, heart)
    if done:
        output.result(asdict(done), ran(done))


def scale_out(given: Given, output: Output, *, on_gap: str, from_checkpoint: str | None) -> None:
    from pipelines.jobs.scale_out import until_stopped

    with lineage_of(given, "run", "kafka", is_endless=True):
        done = until_stopped(given.world(), from_checkpoint, goes_on_at_gaps=on_gap == "continue")
    if done:
        output.result(asdict(done), ran(done))


def build(given: Given, output: Output, *, full_refresh: bool = False, final: bool = True) -> None:
    from pipelines.stores.rulebook import rulebook
    from pipelines.warehouse.build import build as build_marts
    from pipelines.warehouse.clicks import click_batches
    from pipelines.warehouse.sources import BuildSettings

    require_lake(given)
    lake, settings = given.workspace.lake, given.settings
    with lineage_of(given, "build"), output.working("building the marts"):
        reference = given.workspace.reference(given.hash_key(), settings)
        clicks = partial(click_batches, lake, rulebook(reference, settings).links)
        depends = BuildSettings.of(settings, lake.watermark())
        made = build_marts(given.root, reference.tables, clicks, depends, given.now(), full_refresh=full_refresh)
    marts = sum(name.startswith(("dim_", "fct_")) for name in made.rows)
    how = "what changed" if made.is_incremental else "from the lake"
    told = f"[bold]build[/]     {made.models} models, {marts} marts, {how}, {made.seconds:.1f} s"
    _end(output, final, asdict(made), told)


def check(given: Given, output: Output, *, final: bool = True) -> None:
    from pipelines.warehouse.check import check as check_build

    with lineage_of(given, "check"), output.working("checking"):
        verdict = check_build(given.root, given.now())
    lines = [
        f"[bold]check[/]     {'passed' if verdict.passed else '[bold red]failed[/]'}: {verdict.expectations} "
        f"expectations on {verdict.tables} tables, {len(verdict.failures)} broken, {len(verdict.warnings)} warnings"
    ]
    findings = [
        *(Text(f"  broken   {finding.sentence()}", style="red") for finding in verdict.failures),
        *(Text(f"  warning  {finding.sentence()}", style="yellow") for finding in verdict.warnings),
    ]
    docs = Text(f"  Data Docs: {given.root / 'warehouse' / 'data_docs' / 'index.html'}")
    _end(output, final, asdict(verdict), *lines, *findings, docs)
    if not verdict.passed:
        raise CheckFailed("the check failed: mend what is broken above, then build and check again")


def publish(given: Given, output: Output, *, final: bool = True) -> None:
    from pipelines.warehouse.publish import publish as publish_build

    with lineage_of(given, "publish"), output.working("publishing"):
        version = publish_build(given.root, given.now())
    _end(
        output,
        final,
        asdict(version),
        f"[bold]publish[/]   version {version.version}: {len(version.rows)} marts; "
        f"{given.root}/published/current/index.html",
    )


def monitor(given: Given, output: Output, host: str, port: int, allowed_hosts: tuple[str, ...]) -> None:
    from pipelines.monitor.access import token_of
    from pipelines.monitor.monitor import monitor as show
    from pipelines.monitor.serve import Place

    place = Place(host, port, token_of(given.settings), allowed_hosts)
    show(given.workspace, given.settings, given.hash_key, given.now, place, partial(_shown, output, place.token))


def explain(given: Given, output: Output, order_id: str) -> None:
    from pipelines.reports.explain import explain as explain_order
    from pipelines.reports.explain import rendered

    told = explain_order(given.workspace, given.settings, given.hash_key, order_id)
    output.result(told, rendered(told))


def score(given: Given, output: Output, *, final: bool = True) -> Any:
    from pipelines.simulate.score import score as score_world
    from pipelines.simulate.score_table import score_table

    found = score_world(given.root)
    _end(output, final, asdict(found), score_table(found))
    return found


def status(given: Given, output: Output) -> None:
    from pipelines.reports.status import rendered
    from pipelines.reports.status import status as status_of

    found = status_of(given.workspace, given.settings, given.now())
    output.result(found, rendered(found))


def doctor(root: Path, output: Output, environment: Mapping[str, str]) -> None:
    from pipelines.reports.doctor import examine, rendered

    found = examine(root, environment, shutil.which, datetime.now(UTC))
    output.result(found, rendered(found))
    if not found.is_healthy:
        raise CheckFailed("something that is needed is missing: what it is, and how to get it, stands above")


def compact(given: Given, output: Output, vacuum_hours: int) -> None:
    from pipelines.jobs.expire import expire
    from pipelines.reports.compaction_table import compaction_table, expired_told
    from pipelines.stores.compaction import compact as compact_lake

    require_lake(given)
    with output.working("compacting"):
        expired = expire(given.workspace.lake, given.settings, given.now(), given.new_token)
        done = compact_lake(given.workspace.lake, given.now, given.new_token, timedelta(hours=vacuum_hours))
    output.result({**asdict(done), "expired": asdict(expired)}, compaction_table(done), expired_told(expired))


def _end(output: Output, final: bool, document: Any, *renderings: Any) -> None:
    """A command's own result if it is the last one, else a line on the way of a longer one."""
    if final:
        output.result(document, *renderings)
    else:
        output.say(*renderings)


def _shown(output: Output, token: str | None, url: str) -> None:
    opens = " (the first time with ?token=… behind it)" if token else ""
    output.result({"url": url}, f"[bold]monitor[/]   {url}{opens}; Ctrl-C ends it")


def _most_claimed(given: Given) -> str:
    """The order that has the most to explain."""
    import polars as pl

    orders = given.workspace.lake.read("order_attributions", ["order_id", "claims"])
    return str(orders.sort(pl.col("claims").list.len(), "order_id")["order_id"][-1])


def require_lake(given: Given) -> None:
    """Raises BadInput where nothing has been run yet."""
    lake = given.workspace.lake
    if not lake.exists("order_attributions"):
        raise BadInput(f"{lake.root} holds no lake yet: run `codetrail run` first")
