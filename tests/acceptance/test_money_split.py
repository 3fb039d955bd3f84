"""The exact split of a net amount over touches three days apart, by model."""

from pipelines.rules.models import path_parts
from pipelines.rules.shares import split

TABLE = "money_split.csv"
DAY = 86_400_000_000  # microseconds


def test_a_split(row):
    touches = int(row["touches_3_days_apart_last_3_days_before_order"])
    ages = [3 * DAY * place for place in range(touches, 0, -1)]
    parts = dict(path_parts(ages, half_life=7 * DAY))[row["model"]]
    shares = split(int(row["net_minor"]), parts)
    assert shares == [int(amount) for amount in row["amounts_oldest_first"].split()]
