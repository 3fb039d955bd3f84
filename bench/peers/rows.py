"""Claims as rows: Codetrail's own, a peer's, and in what the two differ."""

from collections import Counter
from pathlib import Path

import polars as pl

from pipelines.stores.lake import Lake
from pipelines.testing import current_attributions

KEY = ("order_id", "kind", "claim_id")
SAID = ("influencer_id", "campaign_id", "valid", "reason", "is_winner")


def claims_of(lake: Lake) -> pl.DataFrame:
    """One row per claim of every order's current attribution."""
    orders = current_attributions(lake).select("order_id", "winner_kind", "winner_claim_id", "claims")
    claims = orders.explode("claims", empty_as_null=False).unnest("claims")
    is_winner = (pl.col("kind") == pl.col("winner_kind")) & (pl.col("claim_id") == pl.col("winner_claim_id"))
    return claims.with_columns(is_winner=is_winner.fill_null(value=False)).select(*KEY, *SAID)


def claims_in(folder: Path) -> pl.DataFrame:
    """What a peer wrote: every file below the folder is Parquet, but for those that engines keep for themselves."""
    files = [file for file in folder.rglob("*") if file.is_file() and not _is_its_own(file.relative_to(folder))]
    return pl.concat(pl.read_parquet(file, columns=[*KEY, *SAID]) for file in files)


def _is_its_own(file: Path) -> bool:
    return any(part.startswith((".", "_")) for part in file.parts)


def differences(found: pl.DataFrame, expected: pl.DataFrame) -> dict[str, int]:
    """How many rows differ, by kind of difference: `missing code`, `too many link`, `repeated link`, `other reason`.

    A row that differs in several columns counts in each; equal rows give an empty answer.
    """
    counted: Counter[str] = Counter()
    found, expected = found.select(*KEY, *SAID), expected.select(*KEY, *SAID)
    distinct = found.unique(KEY, keep="first", maintain_order=True)
    counted["repeated"] = found.height - distinct.height
    for name, rows in (
        ("missing", expected.join(distinct, on=KEY, how="anti")),
        ("too many", distinct.join(expected, on=KEY, how="anti")),
    ):
        counted.update({f"{name} {kind}": count for kind, count in rows["kind"].value_counts().iter_rows()})
    both = distinct.join(expected, on=KEY, how="inner", suffix="_expected")
    for name in SAID:
        counted[f"other {name}"] = both.filter(pl.col(name).ne_missing(pl.col(f"{name}_expected"))).height
    return {name: count for name, count in counted.items() if count}
