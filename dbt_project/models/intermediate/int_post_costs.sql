with costs as (select * from {{ ref('stg_costs') }}),

by_day as (select * from {{ ref('int_costs_by_day') }}),

converted as (
    select
        cost_id,
        case when count(*) = count(reporting_minor) then sum(reporting_minor) end as reporting_minor
    from by_day
    group by cost_id
),

final as (
    select
        costs.post_id,
        case
            when count(*) = count(converted.reporting_minor) then cast(sum(converted.reporting_minor) as bigint)
        end as cost_minor,
        bool_or(costs.category = 'boost') as is_boosted
    from costs
    left join converted using (cost_id)
    where costs.post_id is not null
    group by costs.post_id
)

select * from final
