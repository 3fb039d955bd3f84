"""One small world of each profile, made once; tests read them."""

from datetime import UTC, datetime

import pytest

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
