-- Fails with each cost that lacks a rate on one of its days: add it to reference/fx_rates.csv, then build.
with costs as (select * from {{ ref('int_costs_by_day') }}),

final as (
    select
        cost_id,
        currency,
        min(day) as first_day,
        max(day) as last_day
    from costs
    where reporting_minor is null
    group by cost_id, currency
)

select * from final
