with source as (select * from {{ source('lake', 'run_settings') }}),

final as (
    select
        -- texts
        reporting_currency,
        watermark,
        history_from,
        shared_costs,
        -- numbers
        reporting_digits,
        lateness_days,
        -- times
        built_at
    from source
)

select * from final
