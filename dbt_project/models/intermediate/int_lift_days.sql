with windows as (select * from {{ ref('int_lift_windows') }}),

orders as (select * from {{ ref('int_lift_orders') }}),

zones as (select distinct timezone from windows),

by_day as (
    select
        zones.timezone,
        orders.influencer_id,
        cast(timezone(zones.timezone, orders.quarter_at) as date) as day,
        sum(orders.orders) as orders,
        sum(orders.net_minor) as net_minor,
        bool_or(orders.has_unpriced_order) as has_unpriced_order,
        bool_or(orders.is_provisional) as is_provisional
    from orders
    cross join zones
    group by all
),

days as (
    select
        *,
        cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as day
    from windows
),

final as (
    select
        days.campaign_id,
        days.influencer_id,
        days.period,
        days.day,
        cast(coalesce(by_day.orders, 0) as bigint) as orders,
        cast(coalesce(by_day.net_minor, 0) as bigint) as net_minor,
        coalesce(by_day.has_unpriced_order, false) as has_unpriced_order,
        coalesce(by_day.is_provisional, false) as is_provisional
    from days
    left join by_day
        on
            days.timezone = by_day.timezone
            and days.day = by_day.day
            and days.influencer_id is not distinct from by_day.influencer_id
)

select * from final
