"""One small world of each profile, made once; tests read them."""

from datetime import UTC, datetime

import numpy as np
import pytest

from pipelines.simulate.cast import draw_cast
from pipelines.simulate.materials import draw_materials
from pipelines.simulate.results import Results
from pipelines.simulate.world import simulate

UNTIL = datetime(2026, 3, 31, tzinfo=UTC)


@pytest.fixture(scope="session")
def worlds(tmp_path_factory):
    """Profile -> (workspace, what simulate reported)."""
    made = {}
    for profile in ("none", "mild", "hostile"):
        workspace = tmp_path_factory.mktemp(profile)
        made[profile] = (workspace, simulate(workspace, seed=11, orders=1200, faults=profile, until=UNTIL))
    return made


@pytest.fixture(scope="session")
def cast():
    return draw_cast(np.random.default_rng(3), 5000, UNTIL)


@pytest.fixture(scope="session")
def materials(cast):
    return draw_materials(np.random.default_rng(4), cast)


@pytest.fixture(scope="session")
def results(cast):
    """Each participation has brought 1,000 of everything."""
    return Results(*(np.full(len(cast.participations), 1000.0) for _ in range(5)))
