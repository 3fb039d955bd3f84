with source as (select * from {{ source('lake', 'topic_files') }}),

final as (
    select
        -- texts
        file,
        fingerprint,
        -- times
        seen_at,
        -- the message
        topic,
        partition,
        "offset"
    from source
)

select * from final
