with source as (select * from {{ source('reference', 'fx_rates') }}),

final as (
    select
        -- texts
        currency,
        -- numbers
        cast(rate as decimal(38, 18)) as rate,
        -- times
        cast(rate_date as date) as rate_date
    from source
)

select * from final
