with source as (select * from {{ source('lake', 'rejected_events') }}),

final as (
    select
        -- texts
        payload,
        step,
        reason,
        detail,
        -- times
        ingested_at,
        -- the message
        topic,
        partition,
        "offset"
    from source
)

select * from final
