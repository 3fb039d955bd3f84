"""The claims of every order as a DuckDB job: topic files to Parquet, all of it anew each time.

python duckdb_job.py TOPICS REFERENCE BOTS OUTPUT
"""

import sys
import unicodedata
from pathlib import Path

import duckdb

TITLE = "DuckDB, SQL job"
LEFT_OUT = (
    "validation and rejects, landing tables, redaction, money, refunds, credits; of repeats it keeps any; "
    "percent-encoded utm names; nothing is incremental: one new event is a full recompute"
)

EVENTS = """
create table clicks as
select distinct on (event_id, visitor_id)
    event_id, visitor_id, occurred_at, nullif(link_id, '') as link_id,
    split_part(split_part(url, '#', 1), '?', 2) as query,
    coalesce(http_method = 'HEAD', false) or coalesce(agents.is_bot, false) as is_bot
from read_json($topics || '/clicks.ndjson', format = 'newline_delimited', columns = {
    event_id: 'varchar', visitor_id: 'varchar', occurred_at: 'timestamp', url: 'varchar', link_id: 'varchar',
    user_agent: 'varchar', http_method: 'varchar', consent: 'boolean'}) as sent
left join agents using (user_agent)
where consent is distinct from false;

create table order_events as
select distinct on (event_id, order_id)
    event_id, order_id, occurred_at, kind, codes,
    case when consent is distinct from false then nullif(visitor_id, '') end as visitor_id,
    case when consent is distinct from false then nullif(customer_id, '') end as customer_id
from read_json($topics || '/orders.ndjson', format = 'newline_delimited', columns = {
    event_id: 'varchar', order_id: 'varchar', occurred_at: 'timestamp', kind: 'varchar', codes: 'varchar[]',
    visitor_id: 'varchar', customer_id: 'varchar', consent: 'boolean'});

create table redemptions as
select distinct on (event_id, order_id) event_id, order_id, occurred_at, code
from read_json($topics || '/redemptions.ndjson', format = 'newline_delimited', columns = {
    event_id: 'varchar', order_id: 'varchar', occurred_at: 'timestamp', code: 'varchar'});
"""

AGENTS = """
create table agents as
select user_agent, regexp_matches(user_agent, $bots) as is_bot
from (
    select distinct user_agent
    from read_json($topics || '/clicks.ndjson', format = 'newline_delimited', columns = {user_agent: 'varchar'})
);
"""

REFERENCE = """
create table codes as
select normalised(code) as code, influencer_id, campaign_id, credit_policy,
    coalesce(valid_from::timestamp, '-infinity') as valid_from, coalesce(valid_to::timestamp, 'infinity') as valid_to,
    coalesce(compromised_at::timestamp, 'infinity') as compromised_at
from read_csv($reference || '/codes.csv', all_varchar = true);

create table links as
select link_id, influencer_id, campaign_id,
    [coalesce(lower(trim(utm)), '') for utm in [utm_source, utm_medium, utm_campaign, utm_content, utm_term]] as utm,
    len([u for u in utm if u <> '']) as filled,
    coalesce(valid_from::timestamp, '-infinity') as valid_from, coalesce(valid_to::timestamp, 'infinity') as valid_to
from read_csv($reference || '/links.csv', all_varchar = true);

create table own_customers as
select influencer_id, customer_id from read_csv($reference || '/influencers.csv', all_varchar = true);
"""

CLAIMS = """
create macro utm_parameter(query, name) as lower(trim(coalesce(try(url_decode(
    replace(regexp_extract(query, '(?:^|&)' || name || '=([^&]*)', 1), '+', ' '))), '')));

create table orders as
select order_id,
    min(occurred_at) filter (kind = 'placed') as ordered_at,
    arg_max(visitor_id, (occurred_at, event_id)) as visitor_id,  -- of those that are not null
    arg_max(customer_id, (occurred_at, event_id)) as customer_id
from order_events group by order_id having ordered_at is not null;

create table redeemed as
with own as (
    select order_id, event_id || '#' || i as event_id, occurred_at, codes[i + 1] as code
    from order_events, unnest(range(len(codes))) as index(i)
    where kind in ('placed', 'amended') and coalesce(codes[i + 1], '') <> ''
)
select * from own
union all
select order_id, event_id, occurred_at, code from redemptions
anti join own using (order_id, event_id);

create table code_claims as
select orders.order_id, 'code' as kind, redeemed.event_id as claim_id, redeemed.occurred_at,
    normalised(redeemed.code) as code, held.influencer_id, held.campaign_id, held.credit_policy,
    case
        when normalised(redeemed.code) not in (select code from codes) then 'unknown_code'
        when held.code is null and ordered_at < (
            select min(valid_from) from codes where code = normalised(redeemed.code)) then 'code_not_started'
        when held.code is null then 'code_expired'
        when ordered_at >= held.compromised_at then 'code_compromised'
    end as reason
from orders join redeemed using (order_id)
left join codes as held
    on held.code = normalised(redeemed.code) and ordered_at >= held.valid_from and ordered_at < held.valid_to;

create table touching as  -- the clicks that an order's visitor made inside the window
select order_id, event_id, clicks.occurred_at, link_id, query, is_bot
from orders join clicks
    on clicks.visitor_id = orders.visitor_id
    and clicks.occurred_at between ordered_at - interval 30 days and ordered_at;

create table tags as
select distinct link_id, query,
    [utm_parameter(query, 'utm_' || u) for u in ['source', 'medium', 'campaign', 'content', 'term']] as utm
from touching;

create table matches as
select tags.link_id as tag_link, tags.query, links.*
from tags join links on links.link_id = tags.link_id
union all
(
    select tags.link_id as tag_link, tags.query, links.*
    from tags join links
        on filled > 0 and len([u for u, i in links.utm if u <> '' and u <> tags.utm[i]]) = 0
    where tags.link_id is null or tags.link_id not in (select link_id from links)
    qualify filled = max(filled) over (partition by tags.link_id, tags.query)
);

create table link_claims as
select order_id, 'link' as kind, event_id as claim_id, any_value(occurred_at) as occurred_at,
    count(*) filter (holds) as held,
    case when held = 1 then any_value(influencer_id) filter (holds) end as influencer_id,
    case when held = 1 then any_value(campaign_id) filter (holds) end as campaign_id,
    case when held = 0 then 'link_not_valid' when held > 1 then 'ambiguous_link' when any_value(is_bot) then 'bot' end
        as reason
from (
    select *, occurred_at >= valid_from and occurred_at < valid_to as holds
    from touching join matches
        on touching.link_id is not distinct from matches.tag_link and touching.query = matches.query
)
group by order_id, event_id;

create table claims as
select claims.* exclude (reason),
    coalesce(reason, case when own_customers.customer_id = orders.customer_id then 'self_purchase' end) as reason
from (
    select order_id, kind, claim_id, occurred_at, influencer_id, campaign_id, reason, code, credit_policy
    from code_claims
    union all
    select order_id, kind, claim_id, occurred_at, influencer_id, campaign_id, reason, null, null from link_claims
) as claims
join orders using (order_id)
left join own_customers using (influencer_id);
"""

WINNERS = """
copy (
    with first_code as (
        select order_id, arg_min(
            {id: claim_id, influencer: influencer_id, policy: coalesce(credit_policy, 'code_wins')},
            (occurred_at, code, claim_id)) as code
        from claims where kind = 'code' and reason is null group by order_id
    ), last_click as (
        select order_id, arg_max(claim_id, (occurred_at, claim_id)) as id, list(influencer_id) as involved
        from claims where kind = 'link' and reason is null group by order_id
    ), judged as (
        select claims.*, coalesce(first_code.code.policy, 'code_wins') as policy,
            coalesce(list_contains(involved, claims.influencer_id), false) as is_involved,
            case policy
                when 'code_wins' then true
                when 'link_wins' then last_click.id is null
                when 'if_involved' then coalesce(list_contains(involved, first_code.code.influencer), false)
                else false
            end and first_code.code is not null as code_wins,
            reason is null and case kind
                when 'code' then code_wins and claim_id = first_code.code.id
                else not code_wins and claim_id = last_click.id
            end as is_winner
        from claims left join first_code using (order_id) left join last_click using (order_id)
    )
    select order_id, kind, claim_id, influencer_id, campaign_id, reason is null as valid,
        case
            when reason is not null then reason
            when is_winner then 'won'
            when kind = 'code' and (policy = 'if_winner' or policy = 'if_involved' and not is_involved)
                then 'not_involved'
            else 'outranked'
        end as reason,
        is_winner
    from judged
) to $output (format parquet);
"""


def normalised(code: str) -> str:
    compatible = unicodedata.normalize("NFKC", code)
    return "".join(c for c in compatible if not c.isspace() and unicodedata.category(c) != "Cf").casefold()


def main(topics: str, reference: str, bots: str, output: str) -> None:
    connection = duckdb.connect()
    connection.create_function("normalised", normalised)
    given = {
        "topics": topics,
        "reference": reference,
        "bots": Path(bots).read_text(),
        "output": output + "/claims.parquet",
    }
    Path(output).mkdir(parents=True)
    for script in (AGENTS, EVENTS, REFERENCE, CLAIMS, WINNERS):
        for statement in duckdb.extract_statements(script):
            connection.execute(statement, {name: given[name] for name in statement.named_parameters})


if __name__ == "__main__":
    main(*sys.argv[1:])
