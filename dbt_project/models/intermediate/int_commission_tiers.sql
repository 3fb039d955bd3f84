with lines as (select * from {{ ref('int_commission_orders') }}),

plans as (select * from {{ ref('stg_commission_plans') }}),

used as (
    select distinct
        plan_id,
        kind,
        rate,
        currency,
        units
    from lines
    where kind != 'flat'
),

rated as (
    select
        plan_id,
        currency,
        rate,
        0 as from_minor,
        cast(null as decimal(20, 4)) as tier_from
    from used
    where kind = 'percent'
    union all
    select
        used.plan_id,
        used.currency,
        plans.rate,
        cast(round(coalesce(plans.tier_from, 0) * cast(used.units as decimal(5, 0))) as hugeint) as from_minor,
        plans.tier_from
    from used
    inner join plans on used.plan_id = plans.plan_id
    where used.kind = 'tiered'
    union all
    select  -- what is below the lowest tier earns nothing
        plan_id,
        currency,
        0 as rate,
        0 as from_minor,
        cast(null as decimal(20, 4)) as tier_from
    from used
    where kind = 'tiered'
),

tiers as (
    select
        plan_id,
        currency,
        from_minor,
        -- its 18 decimals without the point: the product would not fit a decimal
        cast(replace(cast(coalesce(rate, 0) as varchar), '.', '') as hugeint) as rate_parts
    from rated
    qualify row_number() over (
        partition by plan_id, currency, from_minor
        order by tier_from desc nulls last, rate desc nulls last
    ) = 1
),

spans as (
    select
        *,
        lead(from_minor) over (partition by plan_id, currency order by from_minor) as next_minor
    from tiers
),

final as (  -- parts: the hundredth of 10^-18 of a minor unit
    select
        plan_id,
        currency,
        from_minor,
        rate_parts,
        coalesce(next_minor, cast('100000000000000000000000000000000000000' as hugeint)) as to_minor,
        coalesce(
            sum(rate_parts * (next_minor - from_minor)) over (
                partition by plan_id, currency
                order by from_minor
                rows between unbounded preceding and 1 preceding
            ), 0
        ) as parts_below
    from spans
)

select * from final
