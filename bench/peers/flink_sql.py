"""The claims of every order in Flink SQL, in batch mode on a mini cluster of this machine: topic files to Parquet.

python flink_sql.py TOPICS REFERENCE BOTS OUTPUT
"""

import re
import sys
import unicodedata
from pathlib import Path

from pyflink.table import DataTypes, EnvironmentSettings, TableEnvironment
from pyflink.table.udf import udf

TITLE = "Flink SQL, batch mode (PyFlink)"
LEFT_OUT = (
    "validation and rejects, landing tables, redaction, money, refunds, credits; of repeats it keeps any; "
    "percent-encoded utm names, parts of a millisecond; batch mode: one new event is a full recompute"
)

COLUMNS = {
    "clicks": """event_id string, visitor_id string, occurred_at string, url string, link_id string,
        user_agent string, http_method string, consent boolean""",
    "orders": """event_id string, order_id string, occurred_at string, kind string, codes array<string>,
        visitor_id string, customer_id string, consent boolean""",
    "redemptions": "event_id string, order_id string, occurred_at string, code string",
}
TOPIC = """
create temporary table sent_{topic} ({columns}) with (
    'connector' = 'filesystem', 'path' = '{path}', 'format' = 'json')
"""
CSV = """
create temporary table sent_{name} ({columns}) with (
    'connector' = 'filesystem', 'path' = '{path}', 'format' = 'csv')
"""
OUTPUT = """
create temporary table output (order_id string, kind string, claim_id string, influencer_id string,
    campaign_id string, valid boolean, reason string, is_winner boolean
) with ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'parquet')
"""

VIEWS = {
    "clicks": """
        select event_id, visitor_id, instant(occurred_at) as occurred_at, nullif(link_id, '') as link_id,
            coalesce(split_index(split_index(url, '#', 0), '?', 1), '') as query, user_agent, http_method from (
            select *, row_number() over (partition by event_id, visitor_id order by occurred_at) as place
            from sent_clicks
        ) where place = 1 and consent is distinct from false
    """,
    "order_events": """
        select event_id, order_id, instant(occurred_at) as occurred_at, kind, codes,
            case when consent is distinct from false then nullif(visitor_id, '') end as visitor_id,
            case when consent is distinct from false then nullif(customer_id, '') end as customer_id from (
            select *, row_number() over (partition by event_id, order_id order by occurred_at) as place
            from sent_orders
        ) where place = 1
    """,
    "redemptions": """
        select event_id, order_id, instant(occurred_at) as occurred_at, code from (
            select *, row_number() over (partition by event_id, order_id order by occurred_at) as place
            from sent_redemptions
        ) where place = 1
    """,
    "codes": """
        select normalised(code) as code, influencer_id, campaign_id, nullif(credit_policy, '') as credit_policy,
            instant(valid_from) as valid_from,
            instant(valid_to) as valid_to,
            instant(compromised_at) as compromised_at
        from sent_codes where code <> 'code'
    """,
    "links": """
        select *,
            if(source = '', 0, 1) + if(medium = '', 0, 1) + if(campaign = '', 0, 1) + if(content = '', 0, 1)
                + if(term = '', 0, 1) as filled
        from (
            select link_id, influencer_id, campaign_id,
                lower(trim(coalesce(utm_source, ''))) as source, lower(trim(coalesce(utm_medium, ''))) as medium,
                lower(trim(coalesce(utm_campaign, ''))) as campaign, lower(trim(coalesce(utm_content, ''))) as content,
                lower(trim(coalesce(utm_term, ''))) as term,
                instant(valid_from) as valid_from,
                instant(valid_to) as valid_to
            from sent_links where link_id <> 'link_id'
        )
    """,
    "orders": """
        select placed.order_id, ordered_at, visitors.visitor_id, customers.customer_id
        from (
            select order_id, min(occurred_at) as ordered_at from order_events where kind = 'placed' group by order_id
        ) as placed
        left join (
            select order_id, visitor_id,
                row_number() over (partition by order_id order by occurred_at desc, event_id desc) as place
            from order_events where visitor_id is not null
        ) as visitors on visitors.order_id = placed.order_id and visitors.place = 1
        left join (
            select order_id, customer_id,
                row_number() over (partition by order_id order by occurred_at desc, event_id desc) as place
            from order_events where customer_id is not null
        ) as customers on customers.order_id = placed.order_id and customers.place = 1
    """,
    "own_codes": """
        select order_id, event_id || '#' || cast(place - 1 as string) as event_id, occurred_at, code
        from order_events cross join unnest(codes) with ordinality as typed (code, place)
        where kind in ('placed', 'amended') and coalesce(code, '') <> ''
    """,
    "redeemed": """
        select order_id, event_id, occurred_at, normalised(code) as code
        from (
            select order_id, event_id, occurred_at, code from own_codes
            union all
            select sent.order_id, sent.event_id, sent.occurred_at, sent.code
            from redemptions as sent
            left join own_codes as own on own.order_id = sent.order_id and own.event_id = sent.event_id
            where own.event_id is null
        )
    """,
    "first_rows": """
        select code, min(coalesce(valid_from, timestamp '1970-01-01 00:00:00')) as begins from codes group by code
    """,
    "code_claims": """
        select orders.order_id, 'code' as kind, redeemed.event_id as claim_id, redeemed.occurred_at, redeemed.code,
            held.influencer_id, held.campaign_id, held.credit_policy,
            case
                when first_rows.code is null then 'unknown_code'
                when held.code is null and ordered_at < begins then 'code_not_started'
                when held.code is null then 'code_expired'
                when ordered_at >= held.compromised_at then 'code_compromised'
            end as reason
        from orders join redeemed on redeemed.order_id = orders.order_id
        left join first_rows on first_rows.code = redeemed.code
        left join codes as held
            on held.code = redeemed.code
            and (held.valid_from is null or ordered_at >= held.valid_from)
            and (held.valid_to is null or ordered_at < held.valid_to)
    """,
    "touching": """
        select order_id, event_id, clicks.occurred_at, coalesce(link_id, '') as link_id, query,
            is_bot(user_agent, http_method) as is_bot
        from orders join clicks
            on clicks.visitor_id = orders.visitor_id
            and clicks.occurred_at between ordered_at - interval '30' day and ordered_at
    """,
    "tags": """
        select link_id, query,
            utm_parameter(query, 'source') as source, utm_parameter(query, 'medium') as medium,
            utm_parameter(query, 'campaign') as campaign, utm_parameter(query, 'content') as content,
            utm_parameter(query, 'term') as term
        from (select distinct link_id, query from touching)
    """,
    "matching": """
        select tags.link_id as tag_link, tags.query, links.*
        from tags join links on links.link_id = tags.link_id
        union all
        select tag_link, query, link_id, influencer_id, campaign_id, source, medium, campaign, content, term,
            valid_from, valid_to, filled
        from (
            select tags.link_id as tag_link, tags.query, links.*,
                rank() over (partition by tags.link_id, tags.query order by filled desc) as place
            from tags left join (select distinct link_id from links) as known on known.link_id = tags.link_id
            cross join links
            where known.link_id is null and filled > 0
                and links.source in ('', tags.source) and links.medium in ('', tags.medium)
                and links.campaign in ('', tags.campaign) and links.content in ('', tags.content)
                and links.term in ('', tags.term)
        ) where place = 1
    """,
    "link_claims": """
        select order_id, 'link' as kind, event_id as claim_id, occurred_at,
            case when held = 1 then influencer_id end as influencer_id,
            case when held = 1 then campaign_id end as campaign_id,
            case when held = 0 then 'link_not_valid' when held > 1 then 'ambiguous_link' when is_bot then 'bot' end
                as reason
        from (
            select order_id, event_id, occurred_at, is_bot, count(*) filter (where holds) as held,
                max(influencer_id) filter (where holds) as influencer_id,
                max(campaign_id) filter (where holds) as campaign_id
            from (
                select touching.*, influencer_id, campaign_id,
                    (valid_from is null or occurred_at >= valid_from) and (valid_to is null or occurred_at < valid_to)
                        as holds
                from touching join matching on touching.link_id = tag_link and touching.query = matching.query
            )
            group by order_id, event_id, occurred_at, is_bot
        )
    """,
    "claims": """
        select claims.order_id, kind, claim_id, occurred_at, claims.influencer_id, campaign_id, code, credit_policy,
            coalesce(reason, case when influencers.customer_id = orders.customer_id then 'self_purchase' end) as reason
        from (
            select order_id, kind, claim_id, occurred_at, influencer_id, campaign_id, reason, code, credit_policy
            from code_claims
            union all
            select order_id, kind, claim_id, occurred_at, influencer_id, campaign_id, reason,
                cast(null as string), cast(null as string) from link_claims
        ) as claims
        join orders on orders.order_id = claims.order_id
        left join sent_influencers as influencers on influencers.influencer_id = claims.influencer_id
    """,
    "involved": "select distinct order_id, influencer_id from claims where kind = 'link' and reason is null",
    "first_code": """
        select ranked.order_id, claim_id, coalesce(credit_policy, 'code_wins') as policy,
            involved.order_id is not null as is_involved from (
            select *, row_number() over (partition by order_id order by occurred_at, code, claim_id) as place
            from claims where kind = 'code' and reason is null
        ) as ranked
        left join involved
            on involved.order_id = ranked.order_id and involved.influencer_id = ranked.influencer_id
        where place = 1
    """,
    "last_click": """
        select order_id, claim_id from (
            select *, row_number() over (partition by order_id order by occurred_at desc, claim_id desc) as place
            from claims where kind = 'link' and reason is null
        ) where place = 1
    """,
    "judged": """
        select claims.*, coalesce(first_code.policy, 'code_wins') as policy,
            involved.order_id is not null as is_involved,
            first_code.claim_id as leading_code, last_click.claim_id as last_one,
            case first_code.policy
                when 'code_wins' then true
                when 'link_wins' then last_click.claim_id is null
                when 'if_involved' then first_code.is_involved
                else false
            end as code_wins
        from claims
        left join first_code on first_code.order_id = claims.order_id
        left join last_click on last_click.order_id = claims.order_id
        left join involved on involved.order_id = claims.order_id and involved.influencer_id = claims.influencer_id
    """,
    "decided": """
        select *,
            coalesce(reason is null and case kind
                when 'code' then code_wins and claim_id = leading_code
                else not code_wins and claim_id = last_one
            end, false) as is_winner
        from judged
    """,
}
INSERT = """
insert into output
select order_id, kind, claim_id, influencer_id, campaign_id, reason is null,
    case
        when reason is not null then reason
        when is_winner then 'won'
        when kind = 'code' and (policy = 'if_winner' or policy = 'if_involved' and not is_involved) then 'not_involved'
        else 'outranked'
    end,
    is_winner
from decided
"""
# Flink has no macros; these are put into the text.
INSTANT = r"cast(to_timestamp_ltz(\1, 'yyyy-MM-dd''T''HH:mm:ss[.SSSSSS][.SSS]XXX', 'UTC') as timestamp(3))"
UTM_PARAMETER = r"lower(trim(coalesce(url_decode(regexp_extract(\1, '(?:^|&)utm_\2=([^&]*)', 1)), '')))"


def main(topics: str, reference: str, bots: str, output: str) -> None:
    environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
    settings = environment.get_config()
    jars = sorted(Path(sys.prefix, "jars").glob("*.jar"))
    settings.set("pipeline.jars", ";".join(jar.as_uri() for jar in jars))
    settings.set("table.local-time-zone", "UTC")
    settings.set("python.executable", sys.executable)
    environment.create_temporary_function("normalised", udf(normalised, result_type=DataTypes.STRING()))
    environment.create_temporary_function(
        "is_bot", udf(bot_finder(Path(bots).read_text()), result_type=DataTypes.BOOLEAN())
    )
    for topic, columns in COLUMNS.items():
        path = Path(topics, f"{topic}.ndjson").absolute()
        environment.execute_sql(TOPIC.format(topic=topic, columns=columns, path=path))
    for name in ("codes", "links", "influencers"):
        path = Path(reference, f"{name}.csv").absolute()
        header = path.read_text(encoding="utf-8").partition("\n")[0].strip()
        columns = ", ".join(f"`{column}` string" for column in header.split(","))
        environment.execute_sql(CSV.format(name=name, columns=columns, path=path))
    environment.execute_sql(OUTPUT.format(path=Path(output).absolute()))
    for name, query in VIEWS.items():
        written = re.sub(r"instant\((\w+)\)", INSTANT, query)
        written = re.sub(r"utm_parameter\((\w+), '(\w+)'\)", UTM_PARAMETER, written)
        environment.create_temporary_view(name, environment.sql_query(written))
    environment.execute_sql(INSERT).wait()


def normalised(code: str) -> str:
    compatible = unicodedata.normalize("NFKC", code)
    return "".join(c for c in compatible if not c.isspace() and unicodedata.category(c) != "Cf").casefold()


def bot_finder(bots: str):
    listed: dict[str, bool] = {}

    def is_bot(user_agent: str | None, http_method: str | None) -> bool:
        if user_agent and user_agent not in listed:
            listed[user_agent] = re.search(bots, user_agent) is not None
        return http_method == "HEAD" or listed.get(user_agent or "", False)

    return is_bot


if __name__ == "__main__":
    main(*sys.argv[1:])
