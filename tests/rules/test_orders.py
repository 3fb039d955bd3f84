"""Orders: what a set of events says, whatever the order in which they arrived."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.money import LARGEST_MINOR
from pipelines.rules.orders import OrderEvent, Redemption, code_elements, order_state, redemptions_of


def placed(event_id="e1", at=10, subtotal=10_000, discount=0, currency="USD", **said):
    return OrderEvent(
        "o", event_id, at, "placed", currency=currency, subtotal_minor=subtotal, discount_minor=discount, **said
    )


def amended(event_id="e2", at=20, subtotal=6_000, discount=0, currency="USD", **said):
    return OrderEvent(
        "o", event_id, at, "amended", currency=currency, subtotal_minor=subtotal, discount_minor=discount, **said
    )


def refunded(amount, event_id="r1", at=30, **said):
    return OrderEvent("o", event_id, at, "refunded", refund_amount=amount, **said)


def cancelled(event_id="x1", at=40, **said):
    return OrderEvent("o", event_id, at, "cancelled", **said)


@pytest.mark.parametrize(
    ("events", "net", "refunds", "flags"),
    [
        pytest.param([placed()], 10_000, 0, (), id="placed"),
        pytest.param([placed(discount=2_500)], 7_500, 0, (), id="with a discount"),
        pytest.param([placed(discount=None)], 10_000, 0, (), id="without one"),
        pytest.param([placed(), refunded("30.00")], 7_000, 3_000, (), id="a refund"),
        pytest.param([placed(), refunded("30.5")], 6_950, 3_050, (), id="a refund of few digits"),
        pytest.param([placed(), refunded("30.00", at=1)], 7_000, 3_000, (), id="refunded before it was placed"),
        pytest.param(
            [placed(), refunded("30.00"), refunded("30.00", "r2")], 4_000, 6_000, (), id="two refunds of one amount"
        ),
        pytest.param([placed(), refunded("100.00")], 0, 10_000, (), id="refunded to the cent"),
        pytest.param([placed(), refunded("100.01")], 0, 10_001, ("over_refunded",), id="refunded a cent too much"),
        pytest.param([placed(discount=10_001)], 0, 0, ("over_refunded",), id="a discount beyond the subtotal"),
        pytest.param([placed(), cancelled()], 0, 0, (), id="cancelled"),
        pytest.param([placed(), cancelled(at=1)], 0, 0, (), id="cancelled before it was placed"),
        pytest.param([placed(), cancelled(), refunded("1.00")], 0, 100, (), id="cancelled, and refunds still count"),
        pytest.param(
            [placed(), cancelled(), refunded("100.01")], 0, 10_001, ("over_refunded",), id="over-refunded and cancelled"
        ),
        pytest.param(
            [placed(), refunded("30.00", currency="USD")], 7_000, 3_000, (), id="a refund that names the currency"
        ),
        pytest.param(
            [placed(), refunded("30.00", currency="EUR")], 10_000, 0, ("refund_mismatch",), id="in another currency"
        ),
        pytest.param(
            [placed(), refunded("30.00", currency="EUR"), refunded("1.00", "r2")],
            9_900,
            100,
            ("refund_mismatch",),
            id="one of two in another currency",
        ),
        pytest.param([placed(), refunded("30.000")], 10_000, 0, ("refund_mismatch",), id="too many digits"),
        pytest.param(
            [placed(currency="JPY", subtotal=500), refunded("1.0")], 500, 0, ("refund_mismatch",), id="a decimal of yen"
        ),
        pytest.param(
            [placed(), amended(currency="JPY", subtotal=500), refunded("1.00")],
            500,
            0,
            ("refund_mismatch",),
            id="judged by the currency of the latest amounts",
        ),
        pytest.param(
            [placed(), refunded("200.00"), refunded("1.00", "r2", currency="EUR")],
            0,
            20_000,
            ("over_refunded", "refund_mismatch"),
            id="both faults",
        ),
        pytest.param([placed(), amended()], 6_000, 0, (), id="amended"),
        pytest.param([placed(), amended(at=5)], 10_000, 0, (), id="amended before it was placed"),
        pytest.param([placed("e1"), amended("e2", at=10)], 6_000, 0, (), id="at one instant the greater id"),
        pytest.param([placed("e2"), amended("e1", at=10)], 10_000, 0, (), id="at one instant, the other way round"),
        pytest.param([placed("é"), amended("z", at=10)], 10_000, 0, (), id="ids compare by code point"),
    ],
)
def test_the_money_of_an_order(events, net, refunds, flags):
    order = order_state(events)
    assert (order.net_minor, order.refunded_minor) == (net, refunds)
    assert set(order.flags) == set(flags)


def test_refunds_beyond_64_bits_are_stored_as_the_largest_amount_and_flagged():
    most = "9" * 15 + ".99"
    events = [refunded(most, f"r{i}") for i in range(100)]
    order = order_state([placed(), *events])
    assert (order.net_minor, order.refunded_minor) == (0, LARGEST_MINOR)
    assert set(order.flags) == {"amount_overflow", "over_refunded"}


def test_one_refund_beyond_64_bits_counts_like_many():
    order = order_state([placed(currency="CLF"), refunded("9" * 15)])
    assert (order.net_minor, order.refunded_minor) == (0, LARGEST_MINOR)
    assert set(order.flags) == {"amount_overflow", "over_refunded"}


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([], id="no event"),
        pytest.param([amended()], id="only amended"),
        pytest.param([refunded("1.00"), cancelled()], id="refunded and cancelled"),
    ],
)
def test_without_placed_there_is_no_order_yet(events):
    assert order_state(events) is None


def test_an_order_s_time_is_the_earliest_placed():
    order = order_state([placed("e2", at=20), placed("e1", at=10), amended(at=1), refunded("1.00", at=2)])
    assert order.ordered_at == 10


@pytest.mark.parametrize(
    ("events", "visitor", "customer", "is_new"),
    [
        pytest.param([placed(visitor_id="v", customer_id="c", is_new_customer=True)], "v", "c", True, id="one event"),
        pytest.param([placed(visitor_id="v"), amended(visitor_id="w")], "w", None, None, id="the latest that has one"),
        pytest.param([placed(visitor_id="v"), amended()], "v", None, None, id="a later one without it says nothing"),
        pytest.param([placed(visitor_id="v"), cancelled(visitor_id="w")], "w", None, None, id="any kind of event"),
        pytest.param([placed(customer_id="c"), refunded("1.00", visitor_id="v")], "v", "c", None, id="each by itself"),
        pytest.param([placed(is_new_customer=True), amended(is_new_customer=False)], None, None, False, id="false"),
        pytest.param([placed("e2", visitor_id="v"), amended("e1", at=10, visitor_id="w")], "v", None, None, id="a tie"),
    ],
)
def test_who_ordered(events, visitor, customer, is_new):
    order = order_state(events)
    assert (order.visitor_id, order.customer_id, order.is_new_customer) == (visitor, customer, is_new)


@pytest.mark.parametrize(
    ("event", "elements"),
    [
        pytest.param(placed("e", codes=["a", "b"]), [("e#0", "a"), ("e#1", "b")], id="in their places"),
        pytest.param(placed("e", codes=[None, "b"]), [("e#1", "b")], id="an absent element keeps its index"),
        pytest.param(placed("e", codes=["a", "a"]), [("e#0", "a"), ("e#1", "a")], id="the same twice"),
        pytest.param(amended("e", codes=["a"]), [("e#0", "a")], id="of an amended event too"),
        pytest.param(refunded("1.00", "e", codes=["a"]), [], id="not of a refund"),
        pytest.param(cancelled("e", codes=["a"]), [], id="not of a cancellation"),
        pytest.param(placed("e", codes=[]), [], id="none"),
        pytest.param(placed("e"), [], id="no array"),
    ],
)
def test_the_codes_on_an_order_event(event, elements):
    assert [(r.event_id, r.code) for r in code_elements(event)] == elements
    assert all(r.occurred_at == event.occurred_at for r in code_elements(event))


def test_a_redemption_with_the_id_of_an_element_is_dropped_for_it():
    order = order_state([placed("e", codes=["a"])])
    own, other = Redemption("e#0", 99, "z"), Redemption("e#1", 99, "y")
    assert redemptions_of(order, [own, other]) == [Redemption("e#0", 10, "a"), other]


ids = st.none() | st.sampled_from("vw")
amounts = st.integers(0, 500)
currencies = st.sampled_from(["USD", "JPY"])
names = st.sampled_from(["a", "b", "c", "d", "e", "f"])
instants = st.integers(0, 3)
code_lists = st.none() | st.lists(st.none() | st.sampled_from("xy"), max_size=3)
events_of_an_order = st.lists(
    st.one_of(
        st.builds(placed, names, instants, amounts, amounts, currencies, visitor_id=ids, codes=code_lists),
        st.builds(amended, names, instants, amounts, amounts, currencies, customer_id=ids, codes=code_lists),
        st.builds(refunded, st.sampled_from(["1", "1.5", "1.234"]), names, instants, currency=st.none() | currencies),
        st.builds(cancelled, names, instants, is_new_customer=st.none() | st.booleans()),
    ),
    max_size=6,
    unique_by=lambda event: event.event_id,
)


@given(events_of_an_order, st.randoms())
def test_any_permutation_gives_the_same_order(events, random):
    shuffled = random.sample(events, len(events))
    assert order_state(shuffled) == order_state(events)


@given(events_of_an_order)
def test_net_is_what_is_left_and_never_negative(events):
    order = order_state(events)
    if order is None:
        assert all(event.kind != "placed" for event in events)
        return
    assert order.net_minor >= 0
    assert order.refunded_minor >= 0
    assert order.is_cancelled == any(event.kind == "cancelled" for event in events)
    if order.is_cancelled or "over_refunded" in order.flags:
        assert order.net_minor == 0
    else:
        assert order.net_minor <= order.subtotal_minor - order.refunded_minor
