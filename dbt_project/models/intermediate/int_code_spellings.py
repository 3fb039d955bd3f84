"""Each unknown code's nearest known one, as pipelines.rules.spelling finds it for the live page too."""

from typing import Any

from pipelines.warehouse.code_spellings import code_spellings


def model(dbt: Any, _session: Any) -> Any:
    dbt.config(materialized="table")
    typed = dbt.ref("int_unknown_codes").select("code").distinct().to_arrow_table()
    known = dbt.ref("stg_codes").select("normalised_code").distinct().to_arrow_table()
    return code_spellings(typed, known)
