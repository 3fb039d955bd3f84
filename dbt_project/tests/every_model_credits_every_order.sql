-- Each model's credits, those of nobody included, sum to each order's amounts: in its currency and in reporting units.
with orders as (select * from {{ ref('fct_orders') }}),

credits as (select * from {{ ref('fct_credits') }}),

models as (select * from {{ ref('int_models') }}),

credited as (
    select
        order_id,
        model,
        sum(gross_minor) as gross_minor,
        sum(amount_minor) as amount_minor,
        sum(gross_revenue) as gross_revenue,
        sum(net_revenue) as net_revenue,
        round(sum(weight), 9) as weight
    from credits
    group by order_id, model
),

expected as (
    select
        orders.*,
        models.model
    from orders
    cross join models
),

final as (
    select
        order_id,
        model,
        expected.net_minor,
        credited.amount_minor,
        expected.net_revenue,
        credited.net_revenue as credited_revenue,
        credited.weight
    from expected
    full join credited using (order_id, model)
    where
        credited.gross_minor is distinct from expected.subtotal_minor
        or credited.amount_minor is distinct from expected.net_minor
        or credited.gross_revenue is distinct from expected.gross_revenue
        or credited.net_revenue is distinct from expected.net_revenue
        or credited.weight is distinct from 1
)

select * from final
