with orders as (select * from {{ ref('int_orders') }}),

assists as (select * from {{ ref('int_assists') }}),

touched as (  -- every valid claim's influencer is in the linear journey, whatever the path's transform
    select distinct
        order_id,
        influencer_id
    from assists
),

concerned as (
    select
        touched.influencer_id,
        orders.ordered_at,
        orders.net_reporting_minor,
        orders.status
    from touched
    inner join orders using (order_id)
    union all by name
    select
        ordered_at,
        net_reporting_minor,
        status
    from orders
),

final as (  -- a quarter of an hour lies within one day of every time zone
    select
        influencer_id,
        time_bucket(interval 15 minutes, ordered_at) as quarter_at,
        count(*) as orders,
        sum(net_reporting_minor) as net_minor,
        bool_or(net_reporting_minor is null) as has_unpriced_order,
        bool_or(status = 'provisional') as is_provisional
    from concerned
    group by influencer_id, time_bucket(interval 15 minutes, ordered_at)
)

select * from final
