with source as (select * from {{ source('lake', 'orders') }}),

counted as (  -- an event counts once, as its first message
    select * from source
    qualify row_number() over (partition by event_id, order_id order by partition, "offset") = 1
),

final as (
    select
        -- ids
        event_id,
        order_id,
        customer_id,
        visitor_id,
        -- texts
        kind,
        currency,
        codes,
        normalised_codes,
        refund_amount,
        survey_answer,
        -- numbers
        shard,
        subtotal_minor,
        discount_minor,
        shipping_minor,
        tax_minor,
        -- yes or no
        is_new_customer,
        consent,
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
