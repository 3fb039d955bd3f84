"""A hostile shop that was published once, halfway through its messages, and built again when all had arrived."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import polars as pl
import pytest

from pipelines.settings import load_settings
from pipelines.simulate.cast import draw_cast
from pipelines.simulate.materials import Materials, draw_materials
from pipelines.simulate.world import simulate
from pipelines.stores.rulebook import rulebook
from pipelines.stores.workspace import Workspace
from pipelines.testing import HASH_KEY, current_attributions, drain
from pipelines.warehouse.build import build
from pipelines.warehouse.clicks import resolved_clicks
from pipelines.warehouse.history import HISTORY
from pipelines.warehouse.sources import BuildSettings
from pipelines.warehouse.versions import Version
from tests.conftest import Ended, made_once

SEED, ORDERS = 11, 900
UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
FIRST_RUN, PUBLISHED, SECOND_RUN = (datetime(2026, 4, day, tzinfo=UTC) for day in (1, 2, 3))
AS_PUBLISHED = "published.parquet"
HALFWAY = 0.6  # of each topic's lines, which are in order of arrival


@dataclass(frozen=True)
class TrustWorld:
    """The workspace, its orders' attributions as they were published and as they are, and what was really lent."""

    root: Path
    published: pl.DataFrame
    current: pl.DataFrame
    materials: Materials

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.root / "warehouse" / "build.duckdb"), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(query).fetchall()


def trust_world(factory: pytest.TempPathFactory) -> TrustWorld:
    """Made once for all of pytest's processes; not to be changed."""
    root, _ = made_once(factory, "trust", _make)
    rng = np.random.default_rng(SEED)
    materials = draw_materials(rng, draw_cast(rng, ORDERS, UNTIL))
    return TrustWorld(root, pl.read_parquet(root / AS_PUBLISHED), current_attributions(Workspace(root).lake), materials)


def _make(root: Path) -> Ended:
    simulate(root, seed=SEED, orders=ORDERS, faults="hostile", until=UNTIL)
    finish = _hold_back(root / "topics")
    drain(root, now=FIRST_RUN)
    workspace = Workspace(root)
    published = current_attributions(workspace.lake)
    published.write_parquet(root / AS_PUBLISHED)
    _publish(root, published)
    finish()
    drain(root, now=SECOND_RUN)
    reference = workspace.reference(HASH_KEY)
    links = rulebook(reference, load_settings(workspace.settings_file, {})).links
    settings = BuildSettings("USD", lateness_days=7, watermark=workspace.lake.watermark())
    build(root, reference.tables, resolved_clicks(workspace.lake, links), settings, SECOND_RUN)
    return Ended(0, "", "")


def _hold_back(topics: Path) -> Callable[[], None]:
    """Takes the later messages away until the answer is called."""
    later = {}
    for file in topics.glob("*.ndjson"):
        lines = file.read_bytes().splitlines(keepends=True)
        kept = int(len(lines) * HALFWAY)
        file.write_bytes(b"".join(lines[:kept]))
        later[file] = lines[kept:]

    def give_back() -> None:
        for file, lines in later.items():
            with file.open("ab") as stream:
                stream.writelines(lines)

    return give_back


def _publish(root: Path, orders: pl.DataFrame) -> None:
    version = Version(
        version=1,
        published_at=PUBLISHED,
        fingerprint="-",
        as_of=FIRST_RUN,
        provisional_until=None,
        orders=len(orders),
        provisional_orders=0,
        reporting_currency="USD",
        reporting_digits=2,
        rows={},
        attributed_until=FIRST_RUN,
        net_revenue=Decimal(orders["net_reporting_minor"].sum()).scaleb(-2),
    )
    (root / "published").mkdir()
    (root / "published" / HISTORY).write_bytes(msgspec.json.encode(version) + b"\n")
