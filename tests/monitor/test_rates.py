"""How often an address may ask."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.monitor import rates
from pipelines.monitor.rates import Rates


def test_each_address_has_a_bucket_of_its_own():
    limit = Rates(lambda: 0.0, burst=1, per_second=1)
    assert [limit.wait("a"), limit.wait("a"), limit.wait("b")] == [0, 1, 0]


@given(pauses=st.lists(st.floats(0, 5), max_size=60), burst=st.integers(1, 5), per_second=st.floats(0.1, 10))
def test_over_any_time_no_more_pass_than_the_bucket_and_what_fills_it(pauses, burst, per_second):
    now = 0.0
    limit = Rates(lambda: now, burst, per_second)
    passed = 0
    for pause in pauses:
        now += pause
        passed += limit.wait("a") == 0
    assert passed <= burst + now * per_second + 1e-6


def test_many_addresses_are_not_kept_for_ever(monkeypatch):
    monkeypatch.setattr(rates, "MOST_ADDRESSES", 3)
    limit = Rates(lambda: 0.0, burst=1, per_second=1)
    for address in "abcd":
        limit.wait(address)
    assert list(limit._buckets) == ["b", "c", "d"]
