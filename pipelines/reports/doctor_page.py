"""The diagnosis for a reader, in 100 columns: a line for each finding, and the next step below it."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.reports.diagnosis import Diagnosis, Finding
from pipelines.reports.shown import cell, paragraph

STYLES = {"ok": "green", "warning": "yellow", "missing": "bold red", "optional": "dim"}


def rendered(found: Diagnosis) -> RenderableType:
    """Every finding in the order in which a run needs it, then the verdict."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in found.findings:
        word = _word(finding)
        told = paragraph(finding.told)
        if finding.next_step is not None:
            told = Text.assemble(told, "\n", ("→ ", "bold"), cell(finding.next_step))
        table.add_row(cell(word, STYLES[word]), cell(finding.subject), told)
    return Group(table, "", _verdict(found))


def _word(finding: Finding) -> str:
    return "optional" if finding.state == "missing" and not finding.required else finding.state


def _verdict(found: Diagnosis) -> Text:
    words = [_word(finding) for finding in found.findings]
    if not found.is_healthy:
        return cell(
            f"{words.count('missing')} missing: follow the arrows above, then run `codetrail doctor` again.", "red"
        )
    warnings = words.count("warning")
    return cell(f"All that is needed is here{f'; {warnings} to look at' if warnings else ''}.", "green")
