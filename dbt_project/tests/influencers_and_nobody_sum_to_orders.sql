-- What the ROI marts give to influencers, and to campaigns, plus what is nobody's, is all that was ordered.
with orders as (select * from {{ ref('fct_orders') }}),

credits as (select * from {{ ref('fct_credits') }}),

influencers as (select * from {{ ref('fct_influencer_roi') }}),

campaigns as (select * from {{ ref('fct_campaign_roi') }}),

marts as (select unnest(['influencers', 'campaigns']) as mart),

parts as (
    select
        'influencers' as mart,
        model,
        gross_revenue,
        net_revenue,
        orders
    from influencers
    union all
    select
        'campaigns' as mart,
        model,
        gross_revenue,
        net_revenue,
        orders
    from campaigns
    union all
    select
        marts.mart,
        credits.model,
        credits.gross_revenue,
        credits.net_revenue,
        credits.weight as orders
    from credits
    cross join marts
    where credits.influencer_id is null
),

summed as (
    select
        mart,
        model,
        sum(gross_revenue) as gross_revenue,
        sum(net_revenue) as net_revenue,
        round(sum(orders), 6) as orders
    from parts
    group by mart, model
),

whole as (
    select
        coalesce(sum(gross_revenue), 0) as all_gross_revenue,
        coalesce(sum(net_revenue), 0) as all_net_revenue,
        count(*) as all_orders,
        count(*) filter (where net_revenue is null) as unpriced_orders
    from orders
),

final as (
    select
        summed.*,
        whole.all_gross_revenue,
        whole.all_net_revenue,
        whole.all_orders
    from summed
    cross join whole
    where
        (
            whole.unpriced_orders = 0  -- one without a rate leaves its influencers' sums unknown, and fails by itself
            and (
                coalesce(summed.gross_revenue, 0) != whole.all_gross_revenue
                or coalesce(summed.net_revenue, 0) != whole.all_net_revenue
            )
        )
        or summed.orders != whole.all_orders
)

select * from final
