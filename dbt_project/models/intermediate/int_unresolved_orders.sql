with clicks as (select * from {{ ref('int_unresolved_clicks') }}),

orders as (select * from {{ ref('int_orders') }}),

reference_versions as (select * from {{ ref('stg_reference_versions') }}),

nobodys as (
    select
        orders.order_id,
        orders.visitor_id,
        orders.ordered_at,
        orders.net_reporting_minor,
        coalesce(
            cast(json_extract_string(reference_versions.settings, '$.window_days') as double), 30
        ) as window_days
    from orders
    left join reference_versions using (reference_version)
    where orders.winner_claim_id is null and orders.visitor_id is not null
),

final as (
    select distinct
        clicks.reason,
        clicks.link_id,
        clicks.utm_source,
        clicks.utm_medium,
        clicks.utm_campaign,
        clicks.utm_content,
        clicks.utm_term,
        nobodys.order_id,
        nobodys.net_reporting_minor
    from clicks
    inner join nobodys using (visitor_id)
    where
        not clicks.is_bot
        and clicks.occurred_at <= nobodys.ordered_at
        and clicks.occurred_at
        >= nobodys.ordered_at - to_microseconds(cast(nobodys.window_days * 86400000000 as bigint))
)

select * from final
