with days as (select * from {{ ref('int_influencer_day') }}),

summed as (
    select
        influencer_id,
        campaign_id,
        day,
        model,
        {{ roi_sums() }}
    from days
    where influencer_id is not null and day is not null
    group by influencer_id, campaign_id, day, model
),

final as (
    select
        influencer_id,
        campaign_id,
        day,
        model,
        orders,
        new_customer_orders,
        gross_revenue,
        net_revenue,
        cost_fee,
        cost_product,
        cost_shipping,
        cost_agency,
        cost_platform,
        cost_labour,
        cost_boost,
        cost_other,
        commission,
        {{ cost_total() }} as cost_total,
        clicks,
        valid_clicks,
        impressions,
        reach,
        engagements,
        emv,
        status
    from summed
)

select * from final
