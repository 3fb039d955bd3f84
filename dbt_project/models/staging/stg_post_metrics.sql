with source as (select * from {{ source('lake', 'post_metrics') }}),

counted as (  -- an event counts once, as its first message
    select * from source
    qualify row_number() over (partition by event_id order by partition, "offset") = 1
),

final as (
    select
        -- ids
        event_id,
        post_id,
        influencer_id,
        campaign_id,
        -- texts
        platform,
        content_type,
        caption,
        -- numbers
        shard,
        followers,
        impressions,
        reach,
        views,
        likes,
        comments,
        shares,
        saves,
        -- times
        ingested_at,
        day,
        occurred_at,
        posted_at,
        -- the message
        topic,
        partition,
        "offset"
    from counted
)

select * from final
