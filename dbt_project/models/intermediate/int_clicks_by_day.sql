with clicks as (select * from {{ ref('stg_resolved_clicks') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

voided as (select * from {{ ref('int_voided_clicks') }}),

final as (
    select
        clicks.influencer_id,
        clicks.campaign_id,
        cast(timezone(coalesce(campaigns.timezone, 'UTC'), clicks.occurred_at) as date) as day,
        count(*) as clicks,
        count(*) filter (
            where clicks.reason is null and not clicks.is_bot and voided.event_id is null
        ) as valid_clicks
    from clicks
    left join campaigns using (campaign_id)
    left join voided on clicks.event_id = voided.event_id and clicks.visitor_id = voided.visitor_id
    where clicks.influencer_id is not null  -- where no single row holds, a click is nobody's
    group by all
)

select * from final
