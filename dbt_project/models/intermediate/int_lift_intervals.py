"""How sure each lift is: what pipelines.warehouse.lift finds in the days of those who have enough."""

from typing import Any

from pipelines.warehouse.lift import lift_intervals


def model(dbt: Any, _session: Any) -> Any:
    dbt.config(materialized="table")
    samples = dbt.ref("int_lift_samples").to_arrow_table()
    return lift_intervals(samples, dbt.source("lake", "former_lift_intervals").to_arrow_table())
