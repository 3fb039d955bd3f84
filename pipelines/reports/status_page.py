"""The status of a workspace for a reader who has never seen one, in 100 columns."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.records import EVENTS
from pipelines.reports.shown import NOTHING, cell, moment, paragraph, size
from pipelines.reports.status_figures import Status
from pipelines.reports.status_kafka import ago, kafka
from pipelines.reports.status_stream import stream
from pipelines.reports.status_tables import add, new_table, title

MADE_BY = {
    "topics": "`codetrail run` makes it from the topic files",
    "kafka": "`codetrail run --source kafka` makes it from the messages",
}


def rendered(found: Status) -> RenderableType:
    """The whole status: what is wrong first, then orders, events, partitions, rejects, sizes."""
    parts: list[RenderableType] = [Text.assemble(("Workspace ", "bold"), cell(found.workspace))]
    parts += [paragraph(f"Problem: {problem}", "red") for problem in found.problems]
    if found.epoch is None:
        parts += [cell(f"There is no lake yet: {MADE_BY[found.source]} below.")]
    else:
        parts += [*_clock(found), stream(found), *_orders(found)]
    parts += kafka(found)
    if found.epoch is not None:
        parts += [title("Events", "a message sent again is the same event, and counts once"), _events(found)]
        parts += [title("Partitions", "where each stands; UTC"), _partitions(found), *_unfinished(found)]
        parts += [title("Rejected", "messages that no schema accepts: `codetrail quarantine list`"), *_rejects(found)]
    if found.source == "topics":
        parts += [title("Topic files", "unread is what the next run reads"), _files(found)]
    if found.tables:
        parts += [title("Lake", "its tables on disk"), _tables(found)]
    parts += [title("Warehouse", "what is built of the lake and published"), *_warehouse(found)]
    return Group(*parts)


def _clock(found: Status) -> Iterable[Text]:
    written = NOTHING if found.last_commit_at is None else ago(found.last_commit_at, found.reported_at)
    yield cell(
        f"Run {found.epoch} was the last to write, {written}; reference version {found.reference_version or NOTHING}, "
        f"in use since {moment(found.reference_recorded_at)} UTC."
    )
    if found.watermark is None:
        yield cell("No watermark yet: no event has arrived.")
    else:
        yield cell(
            f"Watermark {moment(found.watermark)} UTC: up to then events are taken to have arrived. "
            f"An order settles {found.lateness_days:g} days after its own time."
        )


def _orders(found: Status) -> Iterable[RenderableType]:
    orders = found.orders
    yield title("Orders", "by their current attribution")
    table = new_table(["", ""], ["Orders"])
    add(table, "settled", "late events are no longer expected", orders.settled)
    add(table, "provisional", "late events can still move them", orders.provisional)
    add(table, "attributed", "a click or a code earned them", orders.attributed)
    add(
        table,
        "unattributed",
        f"nobody's; {orders.without_winner:,} of them have claims, none of which may win",
        orders.unattributed,
    )
    add(table, "all", "settled + provisional = attributed + unattributed", orders.total, style="bold")
    yield table
    if orders.without_placed:
        yield cell(
            f"{orders.without_placed:,} more have events but no `placed` yet: they count once it arrives.", "yellow"
        )
    if orders.without_rate:
        yield cell(
            f"{orders.without_rate:,} have no exchange rate: add it to fx_rates, then `codetrail restate`.", "yellow"
        )


def _events(found: Status) -> Table:
    names = ["Messages", "Events", "Repeats", "that differ", "No consent", "Unknown fields"]
    table = new_table(["Topic"], names)
    for one in found.repeats:
        parts = [partition for partition in found.partitions if partition.topic == one.topic]
        unconsented = sum(partition.unconsented for partition in parts)
        unknown = sum(partition.with_unknown_fields for partition in parts)
        add(table, one.topic, one.messages, one.events, one.repeats, one.differing, unconsented, unknown)
    table.caption = (
        "No consent: clicks counted and not stored. Unknown fields: messages with some, which are not stored."
    )
    table.caption_justify = "left"
    return table


def _partitions(found: Status) -> Table:
    is_of_files = found.source == "topics"  # of Kafka the offsets stand beside the brokers'
    read = ["Read up to"] if is_of_files else []
    table = new_table(["Partition"], ["Landed", "Rejected", *read, "Newest event", "Last arrival"])
    for one in found.partitions:
        offset = [one.landed_offset] if is_of_files else []
        times = moment(one.latest_occurred_at), moment(one.last_ingested_at)
        add(table, f"{one.topic}/{one.partition}", one.landed, one.rejected, *offset, *times)
    return table


def _unfinished(found: Status) -> Iterable[Text]:
    """A run that was killed left tables apart; the next one catches up."""
    for one in found.partitions:
        landed = one.landed_offset or 0
        if (one.attributed_offset or 0) < landed or (one.rejected_offset or 0) > landed:
            yield cell(
                f"{one.topic}/{one.partition}: landed up to {one.landed_offset or 0:,}, rejects up to "
                f"{one.rejected_offset or 0:,}, attributed up to {one.attributed_offset or 0:,}; "
                "the next run catches up.",
                "yellow",
            )


def _rejects(found: Status) -> Iterable[RenderableType]:
    if not found.rejects:
        yield cell("None.")
        return
    topics = [topic for topic in EVENTS if any(one.topic == topic for one in found.rejects)]
    table = new_table(["Reason"], [*topics, "all"])
    counted = Counter[tuple[str, str]]()
    for one in found.rejects:
        counted[one.reason, one.topic] += one.messages
    for reason in dict.fromkeys(one.reason for one in found.rejects):
        by_topic = [counted[reason, topic] for topic in topics]
        add(table, reason, *by_topic, sum(by_topic))
    sums = [sum(count for (_, topic), count in counted.items() if topic == column) for column in topics]
    add(table, "all", *sums, sum(sums), style="bold")
    yield table


def _files(found: Status) -> RenderableType:
    if not found.files:
        return cell("None can be read.")
    table = new_table(["File", "Partition"], ["Size", "Unread"])
    for one in found.files:
        unread = "not counted" if one.unread is None else size(one.unread) if one.unread else "nothing"
        add(table, one.file, f"{one.topic}/{one.partition}", size(one.size), unread)
    return table


def _tables(found: Status) -> Table:
    table = new_table(["Table"], ["Rows", "Files", "Size"])
    for one in found.tables:
        add(table, one.table, one.rows, one.files, size(one.bytes))
    add(table, "all", None, sum(t.files for t in found.tables), size(sum(t.bytes for t in found.tables)), style="bold")
    return table


def _warehouse(found: Status) -> Iterable[Text]:
    made = found.warehouse
    yield cell(f"Built      {moment(made.built_at)} UTC" if made.built_at else "Not built: run `codetrail build`.")
    if made.checked_at is None:
        yield cell("Not checked: run `codetrail check`.")
    else:
        verdict = "passed" if made.check_passed else f"failed, {made.check_failures} findings block"
        yield cell(f"Checked    {moment(made.checked_at)} UTC, {verdict}, {made.check_warnings} warnings")
    if made.published_at is None:
        yield cell("Not published: run `codetrail publish`.")
    else:
        yield cell(f"Published  {moment(made.published_at)} UTC, version {made.published_version}")
