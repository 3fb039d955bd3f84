with source as (select * from {{ source('lake', 'resolved_clicks') }}),

final as (
    select
        -- ids
        event_id,
        visitor_id,
        influencer_id,
        campaign_id,
        link_id,
        -- texts
        reason,
        -- yes or no
        is_bot,
        -- times
        day,
        occurred_at
    from source
)

select * from final
