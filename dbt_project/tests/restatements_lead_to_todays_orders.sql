-- What came to each influencer and campaign less what went is what fct_orders credits them with now.
with changes as (select * from {{ ref('fct_restatements') }}),

orders as (select * from {{ ref('fct_orders') }}),

moves as (
    select
        to_influencer_id as influencer_id,
        to_campaign_id as campaign_id,
        to_net as net
    from changes
    union all
    select
        from_influencer_id as influencer_id,
        from_campaign_id as campaign_id,
        -from_net as net
    from changes
    union all
    select
        winner_influencer_id as influencer_id,
        winner_campaign_id as campaign_id,
        -net_revenue as net
    from orders
),

final as (
    select
        influencer_id,
        campaign_id,
        sum(net) as net_gap
    from moves
    group by influencer_id, campaign_id
    having sum(net) != 0
)

select * from final
