"""The utm parameters that are read from a URL."""

from pipelines.rules.links import utm_parameters

TABLE = "utm.csv"


def test_a_url(row):
    read = " ".join(f"{name}={value!r}" for name, value in sorted(utm_parameters(row["url"]).items()))
    assert read == row["utm_parameters"]
