-- An influencer's days sum to the influencer's whole: nothing is lost or doubled by the time zone.
with days as (select * from {{ ref('fct_influencer_day') }}),

whole as (select * from {{ ref('fct_influencer_roi') }}),

summed as (
    select
        influencer_id,
        campaign_id,
        model,
        sum(net_revenue) as net_revenue,
        sum(cost_total) as cost_total,
        sum(clicks) as clicks,
        sum(engagements) as engagements
    from days
    group by influencer_id, campaign_id, model
),

final as (
    select
        influencer_id,
        campaign_id,
        model,
        summed.net_revenue as net_revenue_of_days,
        whole.net_revenue,
        summed.cost_total as cost_total_of_days,
        whole.cost_total
    from whole
    full join summed using (influencer_id, campaign_id, model)
    where
        whole.model is null
        or coalesce(summed.net_revenue, 0) != whole.net_revenue
        or coalesce(summed.cost_total, 0) != whole.cost_total
        or coalesce(summed.clicks, 0) != whole.clicks
        or coalesce(summed.engagements, 0) != whole.engagements
)

select * from final
