"""The rejected events for a reader, in 100 columns; what others wrote reaches the terminal escaped."""

from collections.abc import Iterable

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipelines.reports.quarantine_figures import RejectedEvent, RejectedEvents, RejectedLine
from pipelines.reports.shown import cell, moment

HEX_WIDTH = 16  # bytes a line


def rendered_list(found: RejectedEvents) -> RenderableType:
    """How many by reason, then the newest one by one."""
    if not found.total:
        return cell("No rejected event matches; `--all` shows those that were sent again or dropped too.")
    table = _table()
    table.add_column("Reason", no_wrap=True)
    table.add_column("Events", justify="right", no_wrap=True)
    table.add_column("Meaning", overflow="fold")
    for count in found.reasons:
        table.add_row(cell(count.reason), cell(f"{count.events:,}"), cell(count.meaning))
    if len(found.reasons) > 1:
        table.add_row(cell("all"), cell(f"{found.total:,}"), "", style="bold")
    parts: list[RenderableType] = [table]
    if found.newest:
        title = f"The newest {len(found.newest):,} of {found.total:,}"
        parts += [
            _space(
                Text.assemble(
                    (title, "bold"), ("  topic/partition/offset, reason, when; what is wrong; how it begins", "dim")
                )
            ),
            *_lines(found),
        ]
        first = found.newest[0]
        parts += [
            cell(f"See one whole: codetrail quarantine show {first.topic}/{first.partition}/{first.offset}", "dim")
        ]
    return Group(*parts)


def rendered_event(found: RejectedEvent, as_hex: bool = False) -> RenderableType:
    """One rejected event whole: where, when, why, and its bytes as escaped text or in hexadecimal."""
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    told = {
        "place": f"{found.topic}/{found.partition}/{found.offset}  (topic/partition/offset)",
        "rejected": f"{moment(found.ingested_at)} UTC, at the step {found.step}",
        "reason": f"{found.reason}: {found.meaning}",
        "detail": found.detail,
        "standing": found.standing,
        "size": f"{found.size:,} bytes, without the e-mail and IP addresses that were taken out",
    }
    for name, value in told.items():
        facts.add_row(cell(name), cell(value))
    parts: list[RenderableType] = [facts]
    if found.releases:
        parts.append(_space(_history(found)))
    if as_hex:
        parts.append(_space(_hexadecimal(found.payload)))
    else:
        parts.append(_space(Text(found.text, overflow="fold")))
    if len(found.payload) < found.size:
        parts.append(cell(f"… cut: the first {len(found.payload):,} of {found.size:,} bytes", "yellow"))
    return Group(*parts)


def _lines(found: RejectedEvents) -> Iterable[RenderableType]:
    """Three lines an event: where and when, what is wrong, how the message begins."""
    for one in found.newest:
        place = cell(f"{one.topic}/{one.partition}/{one.offset}", "bold")
        yield Text.assemble(place, "  ", cell(one.reason, "yellow"), f"  {moment(one.ingested_at)} UTC{_stands(one)}")
        yield _one_line(cell(f"    {one.detail}"))
        yield _one_line(cell(f"    {one.preview if one.size else '(empty)'}", "dim"))


def _stands(one: RejectedLine) -> str:
    return "" if one.standing == "open" else f"  {one.standing}"


def _history(found: RejectedEvent) -> RenderableType:
    table = _table()
    for name in ("Released", "Action", "By", "New place", "Mended with", "Note"):
        table.add_column(name, overflow="fold")
    for one in found.releases:
        place = None if one.new_offset is None else f"{one.topic}/{one.new_partition}/{one.new_offset}"
        told = (moment(one.released_at), one.action, one.released_by, place, one.mend, one.note)
        table.add_row(*map(cell, told))
    return table


def _one_line(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _hexadecimal(payload: bytes) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for start in range(0, len(payload), HEX_WIDTH):
        piece = payload[start : start + HEX_WIDTH]
        ascii_text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        table.add_row(cell(f"{start:06x}", "dim"), cell(piece.hex(" ")), cell(ascii_text))
    return table


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")


def _space(part: RenderableType) -> RenderableType:
    return Padding(part, (1, 0, 0, 0))
