with days as (select * from {{ ref('int_influencer_day') }}),

assists as (select * from {{ ref('int_assists') }}),

influencers as (select * from {{ ref('dim_influencer') }}),

summed as (
    select
        campaign_id,
        model,
        {{ roi_sums() }}
    from days
    group by campaign_id, model
),

assisted as (
    select
        campaign_id,
        count(distinct order_id) as assisted_orders
    from assists
    where assists_campaign
    group by campaign_id
),

members as (
    select distinct
        campaign_id,
        influencer_id
    from days
),

followed as (
    select
        members.campaign_id,
        cast(sum(influencers.followers) as bigint) as followers
    from members
    inner join influencers using (influencer_id)
    group by members.campaign_id
),

measured as (
    select
        summed.*,
        followed.followers,
        {{ cost_total() }} as cost_total,
        coalesce(assisted.assisted_orders, 0) as assisted_orders
    from summed
    left join assisted using (campaign_id)
    left join followed using (campaign_id)
),

final as (
    select
        campaign_id,
        model,
        {{ roi_measures() }},
        status,
        views,
        followers,
        {{ roi_parts() }}
    from measured
)

select * from final
