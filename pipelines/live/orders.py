"""Orders: what each one is worth to whom, by its newest revision, as revisions are committed."""

import duckdb

from pipelines.live.news import News
from pipelines.live.transaction import transaction
from pipelines.rules.models import MODELS
from pipelines.stores.lake import Lake

SUMMED_COLUMNS = ("orders", "gross", "net", "unpriced", *(f"left_{n}" for n in range(len(MODELS))))
CREATE = (
    f"create type model as enum {MODELS}",
    "create sequence numbers",
    "create sequence pair_numbers",
    "create table pairs (pair smallint, influencer_id varchar, campaign_id varchar)",
    """
    create table orders (
        number int, order_id varchar, revision_key bigint, instant bigint, pair smallint, gross bigint, net bigint,
        is_new_customer bool, models utinyint, currency varchar, own_net bigint
    )
    """,
    """
    create table credits (
        number int, model model, pair smallint, instant bigint, weight double, gross bigint, net bigint,
        new_customers double
    )
    """,
    """
    create table credit_days (
        model model, pair smallint, day date, weight double, gross bigint, net bigint, new_customers double
    )
    """,
    f"create table order_sums (pair smallint, {', '.join(f'{name} bigint' for name in SUMMED_COLUMNS)})",
    "create table codes (number int, code varchar, pair smallint, instant bigint, is_valid bool, reason varchar)",
)
"""`instant` in microseconds; amounts in minor units of the reporting currency, null without a rate.

`order_sums` of all orders by winner; `left_n` is the net of those that the n-th model credits to nobody.
An order keeps its row, without a time, when it is none any more. Its `pair` is the winner; of `models` the
bits of those are set that credit somebody, in their order; `own_net` is in the order's own currency.
"""

NEWEST = """
create or replace temp table newest as
with revised as (
    select order_id, max(revision_key) as revision_key from read_parquet($files) group by order_id
),

former as (select order_id, number, revision_key from orders semi join revised using (order_id))

select revised.*, former.number
from revised left join former using (order_id)
where former.revision_key is null or former.revision_key < revised.revision_key
"""
CHANGED = """
create or replace temp table changed as
with rows as (
    select
        order_id, revision_key, epoch_us(ordered_at) as instant, winner_influencer_id, winner_campaign_id,
        subtotal_reporting_minor as gross, net_reporting_minor as net, is_new_customer, currency, net_minor,
        [c for c in claims if c.kind = 'code'] as code_claims, credits
    from read_parquet($files)
    semi join newest using (order_id, revision_key)
)

select
    rows.*, newest.number is not null as was_there, coalesce(newest.number, nextval('numbers'))::int as number
from rows inner join newest using (order_id)
"""
PAIRS = """
insert into pairs
with named as (
    select winner_influencer_id as influencer_id, winner_campaign_id as campaign_id from changed
    union
    select c.influencer_id, c.campaign_id from (select unnest(credits) as c from changed)
    union
    select c.influencer_id, c.campaign_id from (select unnest(code_claims) as c from changed)
)

select nextval('pair_numbers'), influencer_id, campaign_id
from named
where influencer_id is not null and (influencer_id, campaign_id) not in (select (influencer_id, campaign_id) from pairs)
"""
SUMMED = """
insert into credit_days
with quarters as (
    select
        model, pair, instant // 900_000_000 as quarter, sum(weight) as weight, sum(gross) as gross, sum(net) as net,
        sum(new_customers) as new_customers
    from {credits} group by all
)

select
    model, pair, timezone(coalesce(timezones.timezone, 'UTC'), to_timestamp(quarter * 900))::date,
    {sign}sum(weight), {sign}sum(gross), {sign}sum(net), {sign}sum(new_customers)
from quarters inner join pairs using (pair) left join timezones using (campaign_id)
group by all
"""
"""Every offset of a time zone is a multiple of a quarter of an hour, so a quarter lies in one day of it."""

LEFT = ", ".join(f"{{sign}}coalesce(sum(net) filter (where models & {1 << n} = 0), 0)" for n in range(len(MODELS)))
ORDERS_SUMMED = """
insert into order_sums
select
    pair, {sign}count(*), {sign}coalesce(sum(gross), 0), {sign}coalesce(sum(net), 0),
    {sign}count(*) filter (where net is null), {left}
from orders
where instant is not null and number in (select number from changed)
group by pair
"""
FORGET = (
    ORDERS_SUMMED.format(sign="-", left=LEFT.format(sign="-")),
    SUMMED.format(credits="(from credits where number in (select number from changed where was_there))", sign="-"),
    "delete from credits where number in (select number from changed where was_there)",
    "delete from codes where number in (select number from changed where was_there)",
    "delete from orders where number in (select number from changed where was_there)",
)
REMEMBER = (
    """
    create or replace temp table new_credits as
    with credited as (
        select number, instant, is_new_customer, unnest(credits) as c from changed
    )

    select
        number, c.model::model as model, pairs.pair, instant, sum(c.weight) as weight,
        sum(c.gross_reporting_minor)::bigint as gross, sum(c.amount_reporting_minor)::bigint as net,
        sum(c.weight) * coalesce(is_new_customer, false)::int as new_customers
    from credited
    inner join pairs on c.influencer_id = pairs.influencer_id and c.campaign_id = pairs.campaign_id
    group by number, c.model, pairs.pair, instant, is_new_customer
    """,
    "insert into credits select * from new_credits",
    SUMMED.format(credits="new_credits", sign=""),
    """
    insert into codes
    select number, c.code, pairs.pair, epoch_us(c.occurred_at), c.valid, c.reason
    from (select number, unnest(code_claims) as c from changed)
    left join pairs on c.influencer_id = pairs.influencer_id and c.campaign_id = pairs.campaign_id
    """,
    """
    insert into orders
    select
        number, order_id, revision_key, instant, pairs.pair, gross, net, is_new_customer,
        coalesce(list_sum(list_distinct([1 << enum_code(c.model::model) for c in credits])), 0)::utinyint,
        currency, net_minor
    from changed
    left join pairs on winner_influencer_id = pairs.influencer_id and winner_campaign_id = pairs.campaign_id
    """,
    ORDERS_SUMMED.format(sign="", left=LEFT.format(sign="")),
)
TIDY = (
    """
    create or replace table credit_days as
    select
        model, pair, day, sum(weight) as weight, sum(gross)::bigint as gross, sum(net)::bigint as net,
        sum(new_customers) as new_customers
    from credit_days group by all
    """,
    f"""
    create or replace table order_sums as
    select pair, {", ".join(f"sum({name})::bigint as {name}" for name in SUMMED_COLUMNS)} from order_sums group by pair
    """,  # noqa: S608
    "create or replace table credits as select * from credits order by instant",
    "create or replace table codes as select * from codes order by instant",
    "create or replace table orders as select * from orders order by instant",
)


class LiveOrders:
    """The tables of CREATE in `connection`, kept up with the lake: exact, in any order of revisions."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
        self._connection = connection
        self._news = News(lake, "order_attributions")
        for statement in CREATE:
            connection.execute(statement)

    def catch_up(self) -> bool:
        """Takes in the revisions since; whether there were any."""
        return self._news.read(self._take)

    def tidy(self) -> None:
        """Puts equal sums together, and gives back the room of rows that were replaced."""
        for statement in TIDY:
            self._connection.execute(statement)

    def _take(self, files: list[str]) -> None:
        run = self._connection.execute
        run(NEWEST, {"files": files})
        if not run("select count(*) from newest").fetchall()[0][0]:
            return
        with transaction(self._connection):
            run(CHANGED, {"files": files})
            run(PAIRS)
            for statement in (*FORGET, *REMEMBER):
                run(statement)
