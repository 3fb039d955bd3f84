with clicks as (select * from {{ ref('int_unresolved_clicks') }}),

orders as (select * from {{ ref('int_unresolved_orders') }}),

facts as (
    select * from clicks
    union all by name
    select * from orders
),

final as (
    select
        reason,
        link_id,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        count(event_id) as clicks,
        count(event_id) filter (where is_bot) as bot_clicks,
        count(distinct visitor_id) filter (where not is_bot) as visitors,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at,
        count(order_id) as orders,
        {{ minor_to_decimal('coalesce(sum(net_reporting_minor), 0)') }} as net_revenue
    from facts
    group by reason, link_id, utm_source, utm_medium, utm_campaign, utm_content, utm_term
)

select * from final
