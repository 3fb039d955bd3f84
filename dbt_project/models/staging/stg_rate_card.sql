with source as (select * from {{ source('reference', 'rate_card') }}),

final as (
    select
        -- texts
        platform,
        content_type,
        currency,
        -- numbers
        cast(cpm as decimal(18, 6)) as cpm,
        cast(cpe as decimal(18, 6)) as cpe
    from source
)

select * from final
