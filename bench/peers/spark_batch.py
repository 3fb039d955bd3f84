"""The claims of every order as a Spark batch job on all cores of one machine: topic files to Parquet.

python spark_batch.py TOPICS REFERENCE BOTS OUTPUT
"""

import re
import sys
import unicodedata
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import BooleanType, StringType

TITLE = "Spark, batch"
LEFT_OUT = (
    "validation and rejects, landing tables, redaction, money, refunds, credits; of repeats it keeps any; "
    "percent-encoded utm names; nothing is incremental: one new event is a full recompute"
)

SCHEMAS = {
    "clicks": """event_id string, visitor_id string, occurred_at timestamp, url string, link_id string,
        user_agent string, http_method string, consent boolean""",
    "orders": """event_id string, order_id string, occurred_at timestamp, kind string, codes array<string>,
        visitor_id string, customer_id string, consent boolean""",
    "redemptions": "event_id string, order_id string, occurred_at timestamp, code string",
}
IDENTITIES = {
    "clicks": ["event_id", "visitor_id"],
    "orders": ["event_id", "order_id"],
    "redemptions": ["event_id", "order_id"],
}

CLICKS = """
select event_id, visitor_id, occurred_at, nullif(link_id, '') as link_id,
    split_part(split_part(url, '#', 1), '?', 2) as query,
    user_agent, http_method
from sent_clicks
where consent is distinct from false
"""

ORDERS = """
with events as (
    select *,
        case when consent is distinct from false then nullif(visitor_id, '') end as visitor,
        case when consent is distinct from false then nullif(customer_id, '') end as customer
    from sent_orders
)
select order_id,
    min(occurred_at) filter (where kind = 'placed') as ordered_at,
    max_by(visitor, struct(occurred_at, event_id)) filter (where visitor is not null) as visitor_id,
    max_by(customer, struct(occurred_at, event_id)) filter (where customer is not null) as customer_id
from events
group by order_id
having ordered_at is not null
"""

REDEEMED = """
with own as (
    select order_id, concat(event_id, '#', place) as event_id, occurred_at, code
    from sent_orders lateral view posexplode(codes) as place, code
    where kind in ('placed', 'amended') and coalesce(code, '') <> ''
)
select *, normalised(code) as normal
from (
    select * from own
    union all
    select order_id, event_id, occurred_at, code from sent_redemptions left anti join own using (order_id, event_id)
)
"""

CODES = """
select normalised(code) as code, influencer_id, campaign_id, credit_policy, to_timestamp(valid_from) as valid_from,
    to_timestamp(valid_to) as valid_to, to_timestamp(compromised_at) as compromised_at
from sent_codes
"""

LINKS = """
select link_id, influencer_id, campaign_id, utm, size(filter(utm, u -> u <> '')) as filled,
    to_timestamp(valid_from) as valid_from, to_timestamp(valid_to) as valid_to
from (
    select *, transform(array(utm_source, utm_medium, utm_campaign, utm_content, utm_term),
        u -> coalesce(lower(trim(u)), '')) as utm
    from sent_links
)
"""

CODE_CLAIMS = """
with first_rows as (
    select code, case when bool_or(valid_from is null) then null else min(valid_from) end as begins
    from codes group by code
)
select orders.order_id, 'code' as kind, redeemed.event_id as claim_id, redeemed.occurred_at, redeemed.normal as code,
    held.influencer_id, held.campaign_id, held.credit_policy,
    case
        when first_rows.code is null then 'unknown_code'
        when held.code is null and ordered_at < begins then 'code_not_started'
        when held.code is null then 'code_expired'
        when ordered_at >= held.compromised_at then 'code_compromised'
    end as reason
from orders join redeemed using (order_id)
left join first_rows on first_rows.code = redeemed.normal
left join codes as held
    on held.code = redeemed.normal
    and (held.valid_from is null or ordered_at >= held.valid_from)
    and (held.valid_to is null or ordered_at < held.valid_to)
"""

TOUCHING = """
select order_id, event_id, clicks.occurred_at, link_id, query, is_bot(user_agent, http_method) as is_bot
from orders join clicks
    on clicks.visitor_id = orders.visitor_id
    and clicks.occurred_at between ordered_at - interval 30 days and ordered_at
"""

MATCHES = """
with tags as (
    select link_id, query,
        transform(array('source', 'medium', 'campaign', 'content', 'term'), u -> lower(trim(coalesce(try_url_decode(
            regexp_extract(query, concat('(?:^|&)utm_', u, '=([^&]*)'), 1)), '')))) as utm
    from (select distinct link_id, query from touching)
), by_utm as (
    select tags.link_id as tag_link, tags.query, links.*,
        max(filled) over (partition by tags.link_id, tags.query) as most
    from tags join links
        on filled > 0 and forall(zip_with(links.utm, tags.utm, (u, said) -> u = '' or u = said), equal -> equal)
    where not exists (select 1 from links as known where known.link_id = tags.link_id)
)
select tags.link_id as tag_link, tags.query, links.* from tags join links on links.link_id = tags.link_id
union all
select * except (most) from by_utm where filled = most
"""

LINK_CLAIMS = """
with tried as (
    select *,
        (valid_from is null or occurred_at >= valid_from) and (valid_to is null or occurred_at < valid_to) as holds
    from touching join matches on touching.link_id <=> matches.tag_link and touching.query = matches.query
), counted as (
    select order_id, event_id, any_value(occurred_at) as occurred_at, any_value(is_bot) as is_bot,
        count_if(holds) as held,
        any_value(influencer_id) filter (where holds) as influencer_id,
        any_value(campaign_id) filter (where holds) as campaign_id
    from tried
    group by order_id, event_id
)
select order_id, 'link' as kind, event_id as claim_id, occurred_at,
    case when held = 1 then influencer_id end as influencer_id,
    case when held = 1 then campaign_id end as campaign_id,
    case when held = 0 then 'link_not_valid' when held > 1 then 'ambiguous_link' when is_bot then 'bot' end as reason
from counted
"""

CLAIMS = """
select claims.* except (reason),
    coalesce(reason, case when influencers.customer_id = orders.customer_id then 'self_purchase' end) as reason
from (
    select order_id, kind, claim_id, occurred_at, influencer_id, campaign_id, reason, code, credit_policy
    from code_claims
    union all
    select order_id, kind, claim_id, occurred_at, influencer_id, campaign_id, reason, null, null from link_claims
) as claims
join orders using (order_id)
left join sent_influencers as influencers on influencers.influencer_id = claims.influencer_id
"""

JUDGED = """
with first_code as (
    select order_id, min_by(struct(claim_id, influencer_id, coalesce(credit_policy, 'code_wins') as policy),
        struct(occurred_at, code, claim_id)) as code
    from claims where kind = 'code' and reason is null group by order_id
), last_click as (
    select order_id, max_by(claim_id, struct(occurred_at, claim_id)) as id, collect_set(influencer_id) as involved
    from claims where kind = 'link' and reason is null group by order_id
), judged as (
    select claims.*, first_code.code.claim_id as leading, last_click.id as last,
        coalesce(first_code.code.policy, 'code_wins') as policy,
        coalesce(array_contains(involved, claims.influencer_id), false) as is_involved,
        first_code.code is not null and case first_code.code.policy
            when 'code_wins' then true
            when 'link_wins' then last_click.id is null
            when 'if_involved' then coalesce(array_contains(involved, first_code.code.influencer_id), false)
            else false
        end as code_wins
    from claims left join first_code using (order_id) left join last_click using (order_id)
), decided as (
    select *, reason is null and case kind
            when 'code' then code_wins and claim_id = leading
            else not code_wins and claim_id = last
        end as is_winner
    from judged
)
select order_id, kind, claim_id, influencer_id, campaign_id, reason is null as valid,
    case
        when reason is not null then reason
        when is_winner then 'won'
        when kind = 'code' and (policy = 'if_winner' or policy = 'if_involved' and not is_involved) then 'not_involved'
        else 'outranked'
    end as reason,
    is_winner
from decided
"""


def normalised(code: str) -> str:
    compatible = unicodedata.normalize("NFKC", code)
    return "".join(c for c in compatible if not c.isspace() and unicodedata.category(c) != "Cf").casefold()


def functions(spark: SparkSession, bots: str) -> None:
    """In Python: as an `rlike` this long pattern took three times the CPU of the whole job."""
    listed: dict[str, bool] = {}

    def is_bot(user_agent: str | None, http_method: str | None) -> bool:
        if user_agent and user_agent not in listed:
            listed[user_agent] = re.search(bots, user_agent) is not None
        return http_method == "HEAD" or listed.get(user_agent or "", False)

    spark.udf.register("is_bot", is_bot, BooleanType())
    spark.udf.register("normalised", normalised, StringType())


def reference(spark: SparkSession, folder: str) -> None:
    for name in ("codes", "links", "influencers"):
        spark.read.csv(f"{folder}/{name}.csv", header=True).createOrReplaceTempView(f"sent_{name}")
    for name, query in {"codes": CODES, "links": LINKS}.items():
        spark.sql(query).localCheckpoint().createOrReplaceTempView(name)


def claims(spark: SparkSession) -> DataFrame:
    """The claims of the events in the views `sent_*`."""
    steps = {"clicks": CLICKS, "orders": ORDERS, "redeemed": REDEEMED, "code_claims": CODE_CLAIMS}
    steps |= {"touching": TOUCHING, "matches": MATCHES, "link_claims": LINK_CLAIMS, "claims": CLAIMS}
    for name, query in steps.items():
        found = spark.sql(query)
        if name in ("orders", "redeemed", "touching", "claims"):  # read more than once, and plans grow with each view
            found = found.localCheckpoint()
        found.createOrReplaceTempView(name)
    return spark.sql(JUDGED)


def main(topics: str, reference_folder: str, bots: str, output: str) -> None:
    spark = (
        SparkSession.builder.master("local[*]")
        .appName("claims")
        .config("spark.sql.shuffle.partitions", 4)
        .getOrCreate()
    )
    functions(spark, Path(bots).read_text())
    reference(spark, reference_folder)
    for topic, schema in SCHEMAS.items():
        events = spark.read.schema(schema).json(f"{topics}/{topic}.ndjson").dropDuplicates(IDENTITIES[topic])
        events.createOrReplaceTempView(f"sent_{topic}")
    claims(spark).write.parquet(output)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
