"""The lake's tables: every column with its Arrow type, as contract section 5 lists them."""

import pyarrow as pa

INSTANT = pa.timestamp("us", tz="UTC")
TEXT = pa.string()
COUNT = pa.int64()
MINOR = pa.int64()  # an amount in minor units of the row's currency

_PLACE = [
    pa.field("topic", TEXT, nullable=False),
    pa.field("partition", pa.int32(), nullable=False),
    pa.field("offset", pa.int64(), nullable=False),
    pa.field("ingested_at", INSTANT, nullable=False),
]
_LANDED = [
    *_PLACE,
    pa.field("day", pa.date32(), nullable=False),
    pa.field("shard", pa.int32(), nullable=False),
    pa.field("event_id", TEXT, nullable=False),
    pa.field("occurred_at", INSTANT, nullable=False),
]

CLICKS = pa.schema(
    [
        *_LANDED,
        pa.field("visitor_id", TEXT, nullable=False),
        pa.field("url", TEXT, nullable=False),
        pa.field("link_id", TEXT),
        pa.field("customer_id", TEXT),
        pa.field("referrer", TEXT),
        pa.field("user_agent", TEXT),
        pa.field("http_method", TEXT),
        pa.field("consent", pa.bool_()),
        pa.field("is_bot", pa.bool_(), nullable=False),
        *(pa.field(f"utm_{name}", TEXT) for name in ("source", "medium", "campaign", "content", "term")),
    ]
)
REDEMPTIONS = pa.schema(
    [
        *_LANDED,
        pa.field("code", TEXT, nullable=False),
        pa.field("normalised_code", TEXT, nullable=False),
        pa.field("order_id", TEXT, nullable=False),
        pa.field("customer_id", TEXT),
        pa.field("visitor_id", TEXT),
    ]
)
ORDERS = pa.schema(
    [
        *_LANDED,
        pa.field("order_id", TEXT, nullable=False),
        pa.field("kind", TEXT, nullable=False),
        pa.field("customer_id", TEXT),
        pa.field("visitor_id", TEXT),
        pa.field("currency", TEXT),
        *(pa.field(f"{part}_minor", MINOR) for part in ("subtotal", "discount", "shipping", "tax")),
        pa.field("codes", pa.list_(TEXT)),
        pa.field("normalised_codes", pa.list_(TEXT)),
        pa.field("refund_amount", TEXT),  # as sent: its digits are judged by the order's currency
        pa.field("is_new_customer", pa.bool_()),
        pa.field("survey_answer", TEXT),
        pa.field("consent", pa.bool_()),
    ]
)
POST_METRICS = pa.schema(
    [
        *_LANDED,
        pa.field("post_id", TEXT, nullable=False),
        pa.field("influencer_id", TEXT, nullable=False),
        pa.field("platform", TEXT, nullable=False),
        pa.field("content_type", TEXT, nullable=False),
        pa.field("campaign_id", TEXT),
        pa.field("posted_at", INSTANT),
        pa.field("caption", TEXT),
        *(
            pa.field(total, COUNT)
            for total in ("followers", "impressions", "reach", "views", "likes", "comments", "shares", "saves")
        ),
    ]
)
REJECTED_EVENTS = pa.schema(
    [
        *_PLACE,
        pa.field("payload", pa.large_binary(), nullable=False),
        pa.field("step", TEXT, nullable=False),
        pa.field("reason", TEXT, nullable=False),
        pa.field("detail", TEXT, nullable=False),
    ]
)
CLAIM = pa.struct(
    [
        pa.field("claim_id", TEXT),
        pa.field("kind", TEXT),
        pa.field("influencer_id", TEXT),
        pa.field("campaign_id", TEXT),
        pa.field("code", TEXT),
        pa.field("link_id", TEXT),
        pa.field("occurred_at", INSTANT),
        pa.field("valid", pa.bool_()),
        pa.field("reason", TEXT),
    ]
)
CREDIT = pa.struct(
    [
        pa.field("model", TEXT),
        pa.field("claim_id", TEXT),
        pa.field("kind", TEXT),
        pa.field("influencer_id", TEXT),
        pa.field("campaign_id", TEXT),
        pa.field("weight", pa.float64()),
        pa.field("gross_minor", MINOR),
        pa.field("amount_minor", MINOR),
        pa.field("gross_reporting_minor", MINOR),
        pa.field("amount_reporting_minor", MINOR),
    ]
)
ORDER_ATTRIBUTIONS = pa.schema(
    [
        pa.field("order_id", TEXT, nullable=False),
        pa.field("revision_key", pa.int64(), nullable=False),
        pa.field("computed_at", INSTANT, nullable=False),
        pa.field("cause", TEXT, nullable=False),
        pa.field("status", TEXT, nullable=False),
        pa.field("ordered_at", INSTANT),
        pa.field("visitor_id", TEXT),
        pa.field("is_new_customer", pa.bool_()),
        pa.field("currency", TEXT),
        pa.field("subtotal_minor", MINOR),
        pa.field("refunded_minor", MINOR),
        pa.field("net_minor", MINOR),
        pa.field("subtotal_reporting_minor", MINOR),
        pa.field("net_reporting_minor", MINOR),
        pa.field("flags", pa.list_(TEXT)),
        pa.field("policy", TEXT),
        pa.field("winner_influencer_id", TEXT),
        pa.field("winner_campaign_id", TEXT),
        pa.field("winner_kind", TEXT),
        pa.field("winner_claim_id", TEXT),
        pa.field("claims", pa.list_(CLAIM)),
        pa.field("credits", pa.list_(CREDIT)),
        pa.field("reference_version", TEXT, nullable=False),
        pa.field("customer_id", TEXT),
        pa.field("is_cancelled", pa.bool_()),
        pa.field("digest", TEXT, nullable=False),  # of all but what the commit adds: tells a change from a repeat
    ]
)
TOPIC_FILES = pa.schema(
    [
        pa.field("topic", TEXT, nullable=False),
        pa.field("partition", pa.int32(), nullable=False),
        pa.field("file", TEXT, nullable=False),
        pa.field("seen_at", INSTANT, nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("fingerprint", TEXT, nullable=False),  # of the bytes before `offset`: a file only grows
    ]
)
ERASURES = pa.schema(
    [
        pa.field("receipt", TEXT, nullable=False),
        pa.field("erased_at", INSTANT, nullable=False),
        pa.field("erased_by", TEXT, nullable=False),
        pa.field("field", TEXT, nullable=False),
        pa.field("tombstone", TEXT, nullable=False),
    ]
)
REFERENCE_VERSIONS = pa.schema(
    [
        pa.field("reference_version", TEXT, nullable=False),
        pa.field("recorded_at", INSTANT, nullable=False),
        pa.field("settings", TEXT, nullable=False),  # JSON: what decides, beside the reference data
    ]
)
REFERENCE_ROWS = pa.schema(
    [
        pa.field("reference_version", TEXT, nullable=False),
        pa.field("recorded_at", INSTANT, nullable=False),
        pa.field("recorded_by", TEXT, nullable=False),  # who ran what saw the version first, as user@host
        pa.field("table", TEXT, nullable=False),
        pa.field("key", TEXT, nullable=False),  # JSON: the cells of the table's key
        pa.field("row", TEXT, nullable=False),  # JSON: each column's value as text, redacted, null where empty
    ]
)
QUARANTINE_RELEASES = pa.schema(
    [
        pa.field("topic", TEXT, nullable=False),
        pa.field("partition", pa.int32(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("action", TEXT, nullable=False),  # sending, requeued or dropped
        pa.field("released_at", INSTANT, nullable=False),
        pa.field("released_by", TEXT, nullable=False),
        pa.field("mend", TEXT),
        pa.field("note", TEXT),
        pa.field("new_partition", pa.int32()),
        pa.field("new_offset", pa.int64()),  # of what is being sent: where to look for it from
        pa.field("digest", TEXT),  # of the bytes as sent
    ]
)

LANDING: dict[str, pa.Schema] = {
    "clicks": CLICKS,
    "redemptions": REDEMPTIONS,
    "orders": ORDERS,
    "post_metrics": POST_METRICS,
}
TABLES: dict[str, pa.Schema] = {
    **LANDING,
    "rejected_events": REJECTED_EVENTS,
    "order_attributions": ORDER_ATTRIBUTIONS,
    "topic_files": TOPIC_FILES,
    "quarantine_releases": QUARANTINE_RELEASES,
    "erasures": ERASURES,
    "reference_rows": REFERENCE_ROWS,
    "reference_versions": REFERENCE_VERSIONS,
}
