{{ config(materialized='incremental', incremental_strategy='changed_orders') }}

with events as (
    select * from {{ events_of_changed_orders() }}
),

orders as (select * from {{ ref('int_orders') }}),

said as (
    select
        order_id,
        arg_max(survey_answer, (occurred_at, event_id)) as survey_answer
    from events
    where survey_answer is not null
    group by order_id
),

final as (
    select
        said.order_id,
        trim(regexp_replace(lower(nfc_normalize(said.survey_answer)), '\s+', ' ', 'g')) as answer
    from said
    inner join orders using (order_id)
)

select * from final
