{{ config(materialized='incremental', incremental_strategy='recounted_link_days') }}

with clicks as ({{ came_and_went() }}),

counted as (
    select
        campaign_id,
        influencer_id,
        link_id,
        day,
        sum(change) as clicks,
        coalesce(sum(change) filter (where reason is null and not is_bot), 0) as holding_clicks
    from clicks
    where influencer_id is not null  -- where no single row holds, a click is nobody's
    group by campaign_id, influencer_id, link_id, day
),

facts as (
    select * from counted
    {{ counted_before('recounted_link_days') }}
),

final as (
    select
        campaign_id,
        influencer_id,
        link_id,
        day,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(holding_clicks) as bigint) as holding_clicks
    from facts
    group by campaign_id, influencer_id, link_id, day
    having sum(clicks) > 0
)

select * from final
