with source as (select * from {{ source('reference', 'commission_plans') }}),

final as (
    select
        -- ids
        plan_id,
        -- texts
        kind,
        currency,
        -- numbers
        cast(rate as decimal(38, 18)) as rate,
        cast(amount as decimal(20, 4)) as amount,
        cast(cap as decimal(20, 4)) as cap,
        cast(tier_from as decimal(20, 4)) as tier_from,
        cast(lock_days as bigint) as lock_days
    from source
)

select * from final
