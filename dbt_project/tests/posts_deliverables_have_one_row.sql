-- Every agreed deliverable has exactly one row.
with agreed as (select * from {{ ref('stg_deliverables') }}),

deliverables as (select * from {{ ref('fct_deliverables') }}),

listed as (
    select
        deliverable_id,
        count(*) as times
    from deliverables
    group by deliverable_id
),

final as (
    select
        deliverable_id,
        coalesce(listed.times, 0) as rows_of_deliverable
    from agreed
    full join listed using (deliverable_id)
    where listed.times is distinct from 1 or agreed.deliverable_id is null
)

select * from final
