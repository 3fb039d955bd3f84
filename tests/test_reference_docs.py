"""The reference page is what the code says now, and has every command, setting, table, metric and failure."""

from prometheus_client import REGISTRY

from pipelines.failures import FAILURES
from pipelines.monitor import page_metrics
from pipelines.reference_docs import FILE, reference_docs
from pipelines.settings import Settings
from pipelines.stores.tables import TABLES
from pipelines.warehouse import refresh_metrics

PAGE = FILE.read_text(encoding="utf-8")


def test_the_committed_page_is_what_the_code_says():
    assert reference_docs() == PAGE, "run python -m pipelines.reference_docs"


def test_what_is_there_stands_in_it():
    registries = (REGISTRY, refresh_metrics.REGISTRY, page_metrics.REGISTRY)
    families = [family for registry in registries for family in registry.collect()]
    measured = {one.name + "_total" * (one.type == "counter") for one in families if one.name.startswith("codetrail_")}
    assert len(measured) > 20
    for names in (measured, Settings.model_fields, FAILURES):
        assert [name for name in names if f"\n| `{name}` |" not in PAGE] == []
    assert [table for table in TABLES if f"\n### {table}\n" not in PAGE] == []
