-- Every order that a code won is among that code's uses, with its whole net.
with leaks as (select * from {{ ref('fct_code_leaks') }}),

orders as (select * from {{ ref('fct_orders') }}),

moves as (
    select
        influencer_id,
        campaign_id,
        orders_won,
        revenue_won
    from leaks
    union all
    select
        winner_influencer_id as influencer_id,
        winner_campaign_id as campaign_id,
        -1 as orders_won,
        -net_revenue as revenue_won
    from orders
    where winner_kind = 'code'
),

final as (
    select
        influencer_id,
        campaign_id,
        sum(orders_won) as order_gap,
        sum(revenue_won) as revenue_gap
    from moves
    group by influencer_id, campaign_id
    having sum(orders_won) != 0 or sum(revenue_won) != 0
)

select * from final
