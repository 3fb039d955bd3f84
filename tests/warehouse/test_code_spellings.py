"""Code spellings: which unknown codes have a row, and that it is the rule's answer."""

import pyarrow as pa
import pytest

from pipelines.warehouse.code_spellings import CODE_SPELLINGS, code_spellings


def nearest(typed, *known):
    found = code_spellings(pa.table({"code": [typed]}), pa.table({"normalised_code": list(known)}))
    assert found.schema == CODE_SPELLINGS
    return [(row["nearest_normalised_code"], row["edit_distance"]) for row in found.to_pylist()]


@pytest.mark.parametrize(
    ("typed", "known", "found"),
    [
        ("alxe20", ["alex20", "ben10"], [("alex20", 1.0)]),
        ("alex2o", ["alex20", "alex21"], [("alex20", 0.5)]),  # an o for a 0: half a slip
        ("alex2", ["alex20", "alex21"], []),  # two are equally near
        ("welcome", ["alex20"], []),
        ("alex20", [], []),
    ],
)
def test_a_row_is_the_one_code_that_is_near(typed, known, found):
    assert nearest(typed, *known) == found


def test_nothing_typed_is_no_row():
    none = pa.table({"code": pa.array([], pa.string())})
    assert code_spellings(none, pa.table({"normalised_code": ["alex20"]})).num_rows == 0
