{{ config(materialized='view') }}

with of_orders as (select * from {{ ref('int_order_commissions') }}),

caps as (select * from {{ ref('int_commission_caps') }}),

final as (
    select * from of_orders
    union all by name
    select * from caps
)

select * from final
