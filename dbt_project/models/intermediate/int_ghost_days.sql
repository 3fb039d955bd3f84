{{ config(materialized='view') }}

with days as (select * from {{ ref('int_barren_days') }}),

final as (  -- with ten orders to expect, chance leaves a link without any on one day of twenty thousand
    select
        campaign_id,
        influencer_id,
        link_id,
        day,
        clicks,
        visitors
    from days
    where visitors * rate >= 10
)

select * from final
