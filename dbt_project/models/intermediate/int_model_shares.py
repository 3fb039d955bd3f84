"""Each campaign's and month's shares by markov and by shapley, as pipelines.warehouse.data_driven works them out."""

from typing import Any

from pipelines.warehouse.data_driven import model_shares


def model(dbt: Any, _session: Any) -> Any:
    dbt.config(materialized="table")
    paths = dbt.ref("int_paths").to_arrow_table()
    transitions = dbt.ref("int_transitions").to_arrow_table()
    return model_shares(paths, transitions)
