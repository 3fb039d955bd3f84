"""How BI tools open what is published: recipes for a copy and paste, each run by the tests as it stands here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """A few lines of Python; the working folder is the workspace."""

    tool: str
    says: str
    code: str


RECIPES = (
    Recipe(
        "DuckDB, a file",
        "Each mart is one Parquet file. Of several models choose one: each divides all the money.",
        """\
import duckdb

duckdb.sql('''
    select campaign_id, net_revenue, cost_total, roi_pct
    from 'published/current/fct_campaign_roi.parquet'
    where model = 'policy'
''').show()
""",
    ),
    Recipe(
        "DuckDB, the database",
        "Always read-only: any number of readers, also while the next version is published. A new connection "
        "sees the new version.",
        """\
import duckdb

with duckdb.connect("published/current/marts.duckdb", read_only=True) as marts:
    marts.sql("select status, count(*) as orders, sum(net_revenue) as net from fct_orders group by status").show()
""",
    ),
    Recipe(
        "Polars",
        "Amounts are exact decimals. Who joins several files takes them all from one version: resolve the link first.",
        """\
from pathlib import Path

import polars as pl

current = Path("published/current").resolve()
returns = pl.scan_parquet(current / "fct_influencer_roi.parquet").filter(pl.col("model") == "policy")
people = pl.scan_parquet(current / "dim_influencer.parquet").select("influencer_id", "handle")
print(returns.join(people, on="influencer_id").select("handle", "orders", "profit", "roi_pct").collect())
""",
    ),
    Recipe(
        "pandas",
        "With Arrow's types amounts stay decimals and instants keep their zone; without them they become objects.",
        """\
import pandas as pd

orders = pd.read_parquet("published/current/fct_orders.parquet", dtype_backend="pyarrow")
print(orders.groupby("winner_influencer_id", dropna=False)["net_revenue"].sum())
""",
    ),
    Recipe(
        "pyarrow",
        "Reads only the columns and rows that are asked for.",
        """\
import pyarrow.parquet as pq

days = pq.read_table(
    "published/current/fct_influencer_day.parquet",
    columns=["day", "influencer_id", "net_revenue"],
    filters=[("model", "=", "policy")],
)
print(days.group_by("day").aggregate([("net_revenue", "sum")]).sort_by("day"))
""",
    ),
)
