-- Fails with each currency and day that an order needs a rate of: add it to reference/fx_rates.csv, then restate.
with orders as (select * from {{ ref('fct_orders') }}),

final as (
    select
        currency,
        cast(timezone('UTC', ordered_at) as date) as day,
        count(*) as orders,
        min(order_id) as first_order_id
    from orders
    where gross_revenue is null or net_revenue is null
    group by currency, cast(timezone('UTC', ordered_at) as date)
)

select * from final
