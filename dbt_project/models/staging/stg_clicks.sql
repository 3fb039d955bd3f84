with source as (select * from {{ source('lake', 'clicks') }}),

counted as (  -- an event counts once, as its first message
    select * from source
    qualify row_number() over (partition by event_id, visitor_id order by partition, "offset") = 1
),

final as (
    select
        -- ids
        event_id,
        visitor_id,
        link_id,
        customer_id,
        -- texts
        url,
        referrer,
        user_agent,
        http_method,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        -- numbers
        shard,
        -- yes or no
        consent,
        is_bot,
        -- times
        ingested_at,
        day,
        occurred_at,
        -- the message
        topic,
        partition,
        "offset"
    from counted
)

select * from final
