"""How the targets come along: the published pacing for a terminal, those that still run first."""

from pathlib import Path

import duckdb
from rich import box
from rich.table import Table
from rich.text import Text

from pipelines.warehouse.versions import current_version

SHOWN = 6
COLOURS = {"behind": "red", "missed": "red", "ahead": "green", "reached": "green", "on_track": "green"}
TARGETS = """
select
    concat_ws(', ', coalesce(campaigns.name, targets.campaign_id), coalesce(people.handle, targets.influencer_id)),
    targets.verdict,
    targets.sentence
from read_parquet($folder || '/fct_pacing.parquet') as targets
left join read_parquet($folder || '/dim_campaign.parquet') as campaigns using (campaign_id)
left join read_parquet($folder || '/dim_influencer.parquet') as people using (influencer_id)
order by
    targets.verdict in ('not_started', 'reached', 'missed'), targets.ends_on desc, 1, targets.metric
"""


def pacing_table(root: Path, shown: int = SHOWN) -> Table:
    """The targets that end last, a sentence each, and how many there are of each verdict."""
    folder, _ = current_version(root)
    rows = duckdb.execute(TARGETS, {"folder": str(folder)}).fetchall()
    counts = {verdict: sum(row[1] == verdict for row in rows) for verdict in dict.fromkeys(row[1] for row in rows)}
    told = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in counts.items())
    table = Table(
        title="Pacing: targets against actuals",
        title_justify="left",
        caption=f"Of {len(rows)} targets: {told}" if rows else "There are no targets: write reference/targets.csv",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name in ("Target of", "Verdict", "In words"):
        table.add_column(name, overflow="fold")
    for name, verdict, sentence in rows[:shown]:
        table.add_row(Text(name), Text(verdict.replace("_", " "), style=COLOURS.get(verdict, "")), Text(sentence))
    return table
