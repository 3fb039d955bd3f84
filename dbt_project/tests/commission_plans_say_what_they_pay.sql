-- Fails with each plan in use that lacks what it pays, or whose tiers contradict each other.
with plans as (select * from {{ ref('stg_commission_plans') }}),

lines as (select * from {{ ref('int_commission_orders') }}),

used as (
    select
        plan_id,
        count(distinct order_id) as orders
    from lines
    group by plan_id
),

final as (
    select
        plans.plan_id,
        used.orders,
        count(*) filter (where plans.kind != 'flat' and plans.rate is null) as tiers_without_rate,
        count(*) filter (where plans.kind = 'flat' and plans.amount is null) as rows_without_amount,
        count(*) filter (where plans.kind != 'tiered') - 1 as rows_too_many,
        count(distinct plans.kind) as kinds,
        count(distinct plans.currency) as currencies,
        count(distinct plans.cap) as caps,
        count(distinct plans.lock_days) as lock_days
    from plans
    inner join used using (plan_id)
    group by plans.plan_id, used.orders
    having
        tiers_without_rate > 0
        or rows_without_amount > 0
        or rows_too_many > 0
        or kinds > 1
        or currencies > 1
        or caps > 1
        or lock_days > 1
)

select * from final
