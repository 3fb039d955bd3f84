"""Worlds so small that everything in them collides: ids, times, codes and links of a few letters each."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.jobs.oracle import IDENTITY

Event = tuple[str, dict[str, Any]]  # topic, message

REFERENCE = {
    "influencers": (
        "influencer_id,handle,name,platform,customer_id\n"
        "ana,@ana,Ana,instagram,cust-ana\nben,@ben,Ben,youtube,\ncleo,@cleo,Cleo,tiktok,cust-x\n"
    ),
    "campaigns": (
        "campaign_id,name,starts_at,ends_at,currency\n"
        "spring,Spring,2026-03-01T00:00:00Z,2026-04-01T00:00:00Z,USD\n"
        "tokyo,Tokyo,2026-03-01T00:00:00Z,2026-04-01T00:00:00Z,JPY\n"
    ),
    "codes": (
        "code,influencer_id,campaign_id,valid_from,valid_to,credit_policy,compromised_at\n"
        "ALEX20,ana,spring,,2026-03-10T12:00:00Z,,\n"
        "alex20,ben,spring,2026-03-10T12:00:00Z,2026-03-10T13:00:00Z,if_involved,\n"
        "LINK,cleo,tokyo,,,link_wins,\nWINNER,ben,tokyo,,,if_winner,\n"
        "LEAK,ana,tokyo,,,,2026-03-10T12:00:00Z\n"
    ),
    "links": (
        "link_id,influencer_id,campaign_id,utm_source,utm_campaign,valid_from,valid_to\n"
        "l-ana,ana,spring,ig,spring,,\nl-ben,ben,spring,yt,,,2026-03-10T12:00:00Z\n"
        "l-ben,cleo,tokyo,yt,,2026-03-10T12:00:00Z,\n"
        "same-1,ana,tokyo,tw,,,\nsame-2,cleo,tokyo,tw,,,\nl-cleo,cleo,spring,,spring,,\n"
    ),
    "fx_rates": "rate_date,currency,rate\n2026-03-01,EUR,1.0837\n2026-03-01,JPY,0.0066667\n2026-03-01,USD,1\n",
}

TIMES = st.sampled_from(
    [
        "2026-02-08T12:00:00Z",  # a window before the earliest noon order, to the microsecond
        "2026-02-08T11:59:59.999999Z",
        "2026-03-10T11:00:00Z",
        "2026-03-10T12:00:00Z",
        "2026-03-10T13:00:00+01:00",  # noon again
        "2026-03-10T12:00:00.000001Z",
        "2026-03-10T13:00:00Z",
        "2026-03-12T00:30:00Z",
    ]
)
IDS = st.sampled_from(["e1", "e2", "e3", "e4", "e5", "e1#0"])
ORDERS = st.sampled_from(["o1", "o2", "o3"])
VISITORS = st.sampled_from(["v1", "v2", "v3", "mail@example.com"])
CODES = st.sampled_from(["ALEX20", " alex\u200b20", "link", "Winner", "LEAK", "NOPE"])
AMOUNTS = st.sampled_from(["0", "1", "10", "333", "1000000"])
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD"])  # KWD has no rate
URLS = st.sampled_from(
    [
        "https://shop.example/?utm_source=ig&utm_campaign=spring",
        "https://shop.example/?utm_source=YT%20",
        "https://shop.example/?utm_source=tw",
        "https://shop.example/?utm_source=fb&utm_campaign=Spring#utm_source=ig",
        "https://shop.example/",
    ]
)

CLICKS = st.fixed_dictionaries(
    {"event_id": IDS, "occurred_at": TIMES, "visitor_id": VISITORS, "url": URLS},
    optional={
        "link_id": st.sampled_from(["l-ana", "l-ben", "gone"]),
        "user_agent": st.sampled_from(["Googlebot/2.1", "Mozilla/5.0"]),
        "http_method": st.sampled_from(["HEAD", "GET"]),
        "consent": st.booleans(),
    },
)
REDEMPTIONS = st.fixed_dictionaries({"event_id": IDS, "occurred_at": TIMES, "order_id": ORDERS, "code": CODES})
_ORDER = {"event_id": IDS, "occurred_at": TIMES, "order_id": ORDERS}
_BUYER = {
    "visitor_id": VISITORS,
    "customer_id": st.sampled_from(["cust-ana", "cust-x", "c1"]),
    "is_new_customer": st.booleans(),
    "consent": st.booleans(),
}
PRICED = st.fixed_dictionaries(
    {**_ORDER, "kind": st.sampled_from(["placed", "placed", "amended"]), "currency": CURRENCIES, "subtotal": AMOUNTS},
    optional={
        **_BUYER,
        "discount": AMOUNTS,
        "codes": st.lists(CODES | st.none() | st.just(""), max_size=3),
    },
)
REFUNDED = st.fixed_dictionaries(
    {**_ORDER, "kind": st.just("refunded"), "refund_amount": st.sampled_from(["1", "0.5", "4.25", "0.001"])},
    optional={**_BUYER, "currency": CURRENCIES},
)
CANCELLED = st.fixed_dictionaries({**_ORDER, "kind": st.just("cancelled")}, optional=_BUYER)


def _on(topic: str, messages: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Event]:
    return messages.map(lambda message: (topic, message))


EVENTS = st.one_of(
    _on("clicks", CLICKS),
    _on("clicks", CLICKS),
    _on("redemptions", REDEMPTIONS),
    _on("orders", PRICED),
    _on("orders", PRICED),
    _on("orders", REFUNDED | CANCELLED),
)
WORLDS = st.lists(EVENTS, min_size=12, max_size=60)


def write_reference(root: Path) -> None:
    (root / "reference").mkdir(parents=True)
    for name, text in REFERENCE.items():
        (root / "reference" / f"{name}.csv").write_text(text)


def identity(event: Event) -> tuple[str, ...]:
    topic, message = event
    return topic, *(message[name] for name in IDENTITY[topic])


def in_order_of_identity(shuffled: list[Event], original: list[Event]) -> list[Event]:
    """The shuffled events, but messages of one identity in the order that they had: the first of them counts."""
    waiting = defaultdict(list)
    for event in reversed(original):
        waiting[identity(event)].append(event)
    return [waiting[identity(event)].pop() for event in shuffled]


def repeatable(events: list[Event]) -> list[Event]:
    """Events whose identity has one content only, so that a repeat may be placed anywhere."""
    contents = defaultdict(list)
    for event in events:
        if event[1] not in contents[identity(event)]:
            contents[identity(event)].append(event[1])
    return [event for event in events if len(contents[identity(event)]) == 1]
