with plans as (select * from {{ ref('stg_commission_plans') }}),

final as (  -- what belongs to the plan and not to a tier: the lowest tier that says it
    select
        plan_id,
        arg_min(kind, coalesce(tier_from, -1)) as kind,
        arg_min(rate, coalesce(tier_from, -1)) as rate,
        arg_min(amount, coalesce(tier_from, -1)) as amount,
        arg_min(currency, coalesce(tier_from, -1)) as currency,
        arg_min(cap, coalesce(tier_from, -1)) as cap,
        arg_min(lock_days, coalesce(tier_from, -1)) as lock_days
    from plans
    group by plan_id
)

select * from final
