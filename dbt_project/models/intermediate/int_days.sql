{{ config(materialized='view') }}

with final as (
    select cast(range as date) as day
    from range(date '2000-01-01', date '2101-01-01', interval 1 day)
)

select * from final
