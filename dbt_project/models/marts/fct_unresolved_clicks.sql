{%- set named = 'reason, link_id, utm_source, utm_medium, utm_campaign, utm_content, utm_term' -%}
with clicks as (select * from {{ ref('int_unresolved_clicks') }}),

orders as (select * from {{ ref('int_unresolved_orders') }}),

seen as (
    select
        {{ named }},
        count(*) as clicks,
        count(*) filter (where is_bot) as bot_clicks,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at
    from clicks
    group by {{ named }}
),

people as (
    select distinct
        {{ named }},
        visitor_id
    from clicks
    where not is_bot
),

facts as (  -- each counted apart: together, each click would be kept for its visitor
    select * from seen
    union all by name
    select
        {{ named }},
        count(visitor_id) as visitors
    from people
    group by {{ named }}
    union all by name
    select
        {{ named }},
        count(order_id) as orders,
        sum(net_reporting_minor) as net_minor
    from orders
    group by {{ named }}
),

final as (
    select
        {{ named }},
        cast(coalesce(sum(clicks), 0) as bigint) as clicks,
        cast(coalesce(sum(bot_clicks), 0) as bigint) as bot_clicks,
        cast(coalesce(sum(visitors), 0) as bigint) as visitors,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        cast(coalesce(sum(orders), 0) as bigint) as orders,
        {{ minor_to_decimal('coalesce(sum(net_minor), 0)') }} as net_revenue
    from facts
    group by {{ named }}
)

select * from final
