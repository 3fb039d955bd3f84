"""Order list: the orders behind a number, page by page."""

from datetime import datetime

import duckdb

from pipelines.live.sums import micros
from pipelines.live.watched import OrderQuery, OrderRow, Orders
from pipelines.rules.decoding import EPOCH, MICROSECOND
from pipelines.rules.money import exact, from_minor

LISTED = """
with credited as (
    select number, sum(net) as credited from credits
    inner join pairs using (pair)
    where model = $model::model
        and ($influencer is null or influencer_id = $influencer)
        and ($campaign is null or campaign_id = $campaign)
    group by number
),

listed as materialized (
    select orders.*, credited.credited from orders
    {join} join credited using (number)
    where instant is not null
        and ($since is null or instant >= $since)
        and ($until is null or instant < $until)
        and ($status is null or (instant > $settled) = ($status = 'provisional'))
        and case $only
            when 'unattributed' then models & (1 << enum_code($model::model)) = 0
            when 'new' then is_new_customer
            when 'unpriced' then net is null
            else true
        end
),

page as (select * from listed order by instant desc, order_id limit $limit offset $offset)

select
    counted.total, order_id, instant, instant > $settled, currency, own_net, net, credited, winners.influencer_id
from (select count(*) as total from listed) as counted
left join page on true
left join pairs as winners using (pair)
order by instant desc, order_id
"""


def list_orders(
    connection: duckdb.DuckDBPyConnection,
    query: OrderQuery,
    settled: datetime,
    digits: int,
    handles: dict[str, str],
) -> Orders:
    """What a query holds, the newest first; orders placed after `settled` are provisional."""
    is_part = query.influencer_id is not None or query.campaign_id is not None
    given = {
        "model": query.model,
        "influencer": query.influencer_id,
        "campaign": query.campaign_id,
        "since": None if query.since is None else micros(query.since),
        "until": None if query.until is None else micros(query.until),
        "status": query.status,
        "settled": micros(settled),
        "only": query.only,
        "limit": query.limit,
        "offset": query.offset,
    }
    rows = connection.execute(LISTED.format(join="inner" if is_part else "left"), given).fetchall()
    return Orders(
        rows[0][0],
        tuple(
            OrderRow(
                order_id=order_id,
                ordered_at=EPOCH + instant * MICROSECOND,
                status="provisional" if is_provisional else "settled",
                currency=currency,
                net=exact(own_net, currency),
                net_reporting=None if net is None else from_minor(net, digits),
                credited=None if credited is None else from_minor(credited, digits),
                winner=None if winner is None else handles.get(winner, winner),
            )
            for _, order_id, instant, is_provisional, currency, own_net, net, credited, winner in rows
            if order_id is not None
        ),
    )
