with source as (select * from {{ source('reference', 'campaigns') }}),

final as (
    select
        -- ids
        campaign_id,
        commission_plan_id,
        -- texts
        name,
        brand,
        coalesce(timezone, 'UTC') as timezone,
        currency,
        -- numbers
        cast(baseline_days as bigint) as baseline_days,
        -- times
        cast(starts_at as timestamptz) as starts_at,
        cast(ends_at as timestamptz) as ends_at
    from source
)

select * from final
