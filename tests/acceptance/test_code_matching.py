"""Whether a typed code is the registered one."""

from pipelines.rules.codes import normalise_code

TABLE = "code_matching.csv"


def test_a_typed_code(row):
    same = normalise_code(row["typed"]) == normalise_code(row["registered"])
    assert same is {"true": True, "false": False}[row["same_code"]]
