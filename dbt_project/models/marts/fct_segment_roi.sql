with days as (select * from {{ ref('int_influencer_day') }}),

segments as (select * from {{ ref('int_segments') }}),

assists as (select * from {{ ref('int_assists') }}),

influencers as (select * from {{ ref('dim_influencer') }}),

placed as (
    select
        days.*,
        segments.segment,
        segments.segment_value
    from days
    inner join segments using (influencer_id, campaign_id)
),

summed as (
    select
        segment,
        segment_value,
        model,
        {{ roi_sums() }}
    from placed
    group by segment, segment_value, model
),

assisted as (
    select
        segments.segment,
        segments.segment_value,
        count(distinct assists.order_id) as assisted_orders
    from assists
    inner join segments using (influencer_id, campaign_id)
    where assists.assists_influencer
    group by segments.segment, segments.segment_value
),

members as (
    select distinct
        segment,
        segment_value,
        influencer_id
    from segments
),

followed as (
    select
        members.segment,
        members.segment_value,
        count(*) as influencers,
        cast(sum(influencers.followers) as bigint) as followers
    from members
    left join influencers using (influencer_id)
    group by members.segment, members.segment_value
),

measured as (
    select
        summed.*,
        followed.influencers,
        followed.followers,
        {{ cost_total() }} as cost_total,
        coalesce(assisted.assisted_orders, 0) as assisted_orders
    from summed
    left join assisted using (segment, segment_value)
    left join followed using (segment, segment_value)
),

final as (
    select
        segment,
        segment_value,
        model,
        influencers,
        {{ roi_measures() }},
        status,
        views,
        followers,
        {{ roi_parts() }}
    from measured
)

select * from final
