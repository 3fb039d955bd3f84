-- A campaign's days hold exactly the shop's orders of those days, counted anew from the orders themselves.
with windows as (select * from {{ ref('int_lift_windows') }}),

days as (select * from {{ ref('int_lift_days') }}),

orders as (select * from {{ ref('fct_orders') }}),

of_campaigns as (
    select *
    from windows
    where influencer_id is null
),

counted as (
    select
        of_campaigns.campaign_id,
        of_campaigns.period,
        count(orders.order_id) as orders
    from of_campaigns
    left join orders
        on
            cast(timezone(of_campaigns.timezone, orders.ordered_at) as date)
            between of_campaigns.first_day and of_campaigns.last_day
    group by of_campaigns.campaign_id, of_campaigns.period
),

summed as (
    select
        campaign_id,
        period,
        sum(orders) as orders_of_days
    from days
    where influencer_id is null
    group by campaign_id, period
),

final as (
    select
        campaign_id,
        period,
        counted.orders,
        summed.orders_of_days
    from counted
    full join summed using (campaign_id, period)
    where counted.orders is distinct from summed.orders_of_days
)

select * from final
