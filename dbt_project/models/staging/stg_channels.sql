with source as (select * from {{ source('reference', 'channels') }}),

final as (
    select
        -- texts
        channel,
        currency,
        -- numbers
        cast(spend as decimal(20, 4)) as spend,
        cast(orders as decimal(38, 18)) as orders,
        cast(revenue as decimal(20, 4)) as revenue,
        -- times
        cast(day as date) as day
    from source
)

select * from final
