with days as (select * from {{ ref('int_influencer_day') }}),

assists as (select * from {{ ref('int_assists') }}),

influencers as (select * from {{ ref('dim_influencer') }}),

content as (select * from {{ ref('int_content_types') }}),

summed as (
    select
        influencer_id,
        campaign_id,
        model,
        {{ roi_sums() }}
    from days
    where influencer_id is not null  -- what is nobody's counts for its campaign alone
    group by influencer_id, campaign_id, model
),

assisted as (
    select
        influencer_id,
        campaign_id,
        count(*) as assisted_orders
    from assists
    where assists_influencer
    group by influencer_id, campaign_id
),

measured as (
    select
        summed.*,
        influencers.tier,
        influencers.platform,
        influencers.followers,
        influencers.partnership_type,
        influencers.country,
        content.content_type,
        {{ cost_total() }} as cost_total,
        coalesce(assisted.assisted_orders, 0) as assisted_orders
    from summed
    left join assisted using (influencer_id, campaign_id)
    left join influencers using (influencer_id)
    left join content using (influencer_id, campaign_id)
),

final as (
    select
        influencer_id,
        campaign_id,
        model,
        {{ roi_measures() }},
        tier,
        platform,
        status,
        views,
        followers,
        {{ roi_parts() }},
        content_type,
        partnership_type,
        country
    from measured
)

select * from final
