with source as (select * from {{ source('lake', 'redemptions') }}),

counted as (  -- an event counts once, as its first message
    select * from source
    qualify row_number() over (partition by event_id, order_id order by partition, "offset") = 1
),

final as (
    select
        -- ids
        event_id,
        code,
        normalised_code,
        order_id,
        customer_id,
        visitor_id,
        -- numbers
        shard,
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
