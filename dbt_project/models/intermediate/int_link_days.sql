{{ config(materialized='incremental', incremental_strategy='counted_link_days', on_schema_change='fail') }}

with clicks as ({{ came_and_went() }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

counted as (
    select
        clicks.campaign_id,
        clicks.influencer_id,
        clicks.link_id,
        cast(timezone(coalesce(campaigns.timezone, 'UTC'), clicks.occurred_at) as date) as day,
        sum(clicks.change) as clicks,
        coalesce(sum(clicks.change) filter (where clicks.reason is null and not clicks.is_bot), 0) as holding_clicks
    from clicks
    left join campaigns using (campaign_id)
    where clicks.influencer_id is not null  -- where no single row holds, a click is nobody's
    group by clicks.campaign_id, clicks.influencer_id, clicks.link_id, day
),

facts as (
    select * from counted
    {{ counted_before() }}
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
)

select * from final
