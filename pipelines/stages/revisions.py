"""Revisions: attributions as rows of `order_attributions`, and which of them say something new."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import polars as pl
import pyarrow as pa

from pipelines.rules.attribution import Attribution
from pipelines.stores.tables import CLAIM, CREDIT, INSTANT, ORDER_ATTRIBUTIONS

AT_COMMIT = ("revision_key", "computed_at", "cause", "status", "reference_version", "digest")
"""Columns that the commit adds."""
CONTENT = [name for name in ORDER_ATTRIBUTIONS.names if name not in AT_COMMIT]
"""Columns that make a revision differ from another."""


def revision_rows(
    attributions: Sequence[Attribution], not_orders: Sequence[str], evidence: Mapping[str, int]
) -> pl.DataFrame:
    """One row each, without the columns of the commit; a set that is no order (any more) has only its id.

    A further column `evidence`, given by order id, tells of two attributions of an order which one knew more.
    """
    orders = [attribution.order for attribution in attributions]
    verdicts = [attribution.verdict for attribution in attributions]
    winners = [verdict.winner for verdict in verdicts]
    columns: dict[str, pa.Array] = {
        "order_id": pa.array([order.order_id for order in orders], pa.string()),
        "ordered_at": _instants(order.ordered_at for order in orders),
        "visitor_id": pa.array([order.visitor_id for order in orders], pa.string()),
        "is_new_customer": pa.array([order.is_new_customer for order in orders], pa.bool_()),
        "currency": pa.array([order.currency for order in orders], pa.string()),
        "subtotal_minor": pa.array([order.subtotal_minor for order in orders], pa.int64()),
        "refunded_minor": pa.array([order.refunded_minor for order in orders], pa.int64()),
        "net_minor": pa.array([order.net_minor for order in orders], pa.int64()),
        "subtotal_reporting_minor": pa.array([a.subtotal_reporting_minor for a in attributions], pa.int64()),
        "net_reporting_minor": pa.array([a.net_reporting_minor for a in attributions], pa.int64()),
        "flags": pa.array([list(order.flags) for order in orders], pa.list_(pa.string())),
        "policy": pa.array([verdict.policy for verdict in verdicts], pa.string()),
        "winner_influencer_id": pa.array([w and w.influencer_id for w in winners], pa.string()),
        "winner_campaign_id": pa.array([w and w.campaign_id for w in winners], pa.string()),
        "winner_kind": pa.array([w and w.kind for w in winners], pa.string()),
        "winner_claim_id": pa.array([w and w.claim_id for w in winners], pa.string()),
        "claims": _claims(attributions),
        "credits": _credits(attributions),
        "customer_id": pa.array([order.customer_id for order in orders], pa.string()),
        "is_cancelled": pa.array([order.is_cancelled for order in orders], pa.bool_()),
    }
    frame = _frame(pa.table(columns)).select(CONTENT)
    none = pl.DataFrame({"order_id": not_orders}, schema={"order_id": pl.String})
    rows = pl.concat([frame, none], how="diagonal")
    known = [evidence.get(order_id, 0) for order_id in rows["order_id"].to_list()]
    return rows.with_columns(evidence=pl.Series(known, dtype=pl.Int64))


def digests(rows: pl.DataFrame) -> pl.Series:
    """A hash of each row's content: equal for equal attributions, in every process."""
    encoded = rows.select(pl.struct(CONTENT).struct.json_encode()).to_series().to_list()
    return pl.Series("digest", [hashlib.blake2b(row.encode(), digest_size=16).hexdigest() for row in encoded])


def _claims(attributions: Sequence[Attribution]) -> pa.Array:
    claims = [(claim, a.verdict) for a in attributions for claim in a.claims]
    fields = {
        "claim_id": pa.array([c.claim_id for c, _ in claims], pa.string()),
        "kind": pa.array([c.kind for c, _ in claims], pa.string()),
        "influencer_id": pa.array([c.influencer_id for c, _ in claims], pa.string()),
        "campaign_id": pa.array([c.campaign_id for c, _ in claims], pa.string()),
        "code": pa.array([c.code for c, _ in claims], pa.string()),
        "link_id": pa.array([c.link_id for c, _ in claims], pa.string()),
        "occurred_at": _instants(c.occurred_at for c, _ in claims),
        "valid": pa.array([c.reason is None for c, _ in claims], pa.bool_()),
        "reason": pa.array([verdict.reason(c) for c, verdict in claims], pa.string()),
    }
    return _listed(fields, CLAIM, [len(a.claims) for a in attributions])


def _credits(attributions: Sequence[Attribution]) -> pa.Array:
    given = list(chain.from_iterable(a.credits for a in attributions))
    touches = [c.touch for c in given]
    fields = {
        "model": pa.array([c.model for c in given], pa.string()),
        "claim_id": pa.array([t.claim_id for t in touches], pa.string()),
        "kind": pa.array([t.kind for t in touches], pa.string()),
        "influencer_id": pa.array([t.influencer_id for t in touches], pa.string()),
        "campaign_id": pa.array([t.campaign_id for t in touches], pa.string()),
        "weight": pa.array([c.weight for c in given], pa.float64()),
        "gross_minor": pa.array([c.gross_minor for c in given], pa.int64()),
        "amount_minor": pa.array([c.amount_minor for c in given], pa.int64()),
        "gross_reporting_minor": pa.array([c.gross_reporting_minor for c in given], pa.int64()),
        "amount_reporting_minor": pa.array([c.amount_reporting_minor for c in given], pa.int64()),
    }
    return _listed(fields, CREDIT, [len(a.credits) for a in attributions])


def _listed(fields: dict[str, pa.Array], struct: pa.StructType, lengths: list[int]) -> pa.Array:
    values = pa.StructArray.from_arrays([fields[f.name] for f in struct], fields=list(struct))
    ends = pa.array([0, *_running(lengths)], pa.int32())
    return pa.ListArray.from_arrays(ends, values)


def _running(lengths: Iterable[int]) -> Iterable[int]:
    total = 0
    for length in lengths:
        total += length
        yield total


def _instants(micros: Iterable[int]) -> pa.Array:
    return pa.array(list(micros), pa.int64()).cast(INSTANT)


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError(f"revisions became {type(frame)}")
    return frame
