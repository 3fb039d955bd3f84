with source as (select * from {{ source('lake', 'currencies') }}),

final as (
    select
        -- texts
        currency,
        -- numbers
        units
    from source
)

select * from final
