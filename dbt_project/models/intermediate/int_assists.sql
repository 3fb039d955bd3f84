{{ config(materialized='incremental', incremental_strategy='changed_orders') }}

with credits as (
    select * from {{ ref('int_credits') }}
    {{ where_moved('changed_orders') }}
),

orders as (select * from {{ ref('int_orders') }}),

final as (
    select distinct
        credits.order_id,
        credits.influencer_id,
        credits.campaign_id,
        coalesce(credits.influencer_id != orders.winner_influencer_id, true) as assists_influencer,
        coalesce(credits.campaign_id != orders.winner_campaign_id, true) as assists_campaign
    from credits
    inner join orders using (order_id)
    where credits.model = 'linear' and credits.influencer_id is not null
)

select * from final
