"""Today's returns: the same off the last build as made anew, and not off a build that is of anything else."""

from dataclasses import replace
from datetime import UTC, datetime

from pipelines.jobs.pending import current
from pipelines.simulate.world import simulate
from pipelines.stores.tables import ORDER_ATTRIBUTIONS
from pipelines.stores.workspace import Workspace
from pipelines.testing import CLOCK, HASH_KEY, drain, write_topic
from pipelines.warehouse.returns import built_returns, deciding, returns
from tests.warehouse.growing_shop import SETTINGS, build_shop

UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
LATER = {"event_id": "later", "order_id": "later", "kind": "placed", "currency": "USD", "subtotal": "5"}


def test_the_last_build_says_what_would_be_made_anew_while_it_is_of_the_same(tmp_path):
    simulate(tmp_path, seed=5, orders=150, faults="hostile", until=UNTIL)
    drain(tmp_path)
    workspace = Workspace(tmp_path)
    lake, tables = workspace.lake, workspace.reference(HASH_KEY).tables
    settings = replace(SETTINGS, watermark=lake.watermark())
    assert built_returns(tmp_path, tables, settings, "policy") is None
    build_shop(tmp_path)

    for model in ("policy", "linear"):
        said = built_returns(tmp_path, tables, settings, model)
        assert len(said) > 1
        assert said == returns(
            tmp_path, deciding(current(lake, tuple(ORDER_ATTRIBUTIONS.names))), tables, settings, model, CLOCK
        )
    assert built_returns(tmp_path, tables, replace(settings, lateness_days=8), "policy") is None
    assert built_returns(tmp_path, tables, replace(settings, watermark=None), "policy") is None
    assert built_returns(tmp_path, tables | {"codes": tables["codes"].slice(1)}, settings, "policy") is None
    write_topic(tmp_path, "orders", [LATER | {"occurred_at": "2026-03-20T00:00:00Z"}])
    drain(tmp_path)
    assert built_returns(tmp_path, tables, settings, "policy") is None
