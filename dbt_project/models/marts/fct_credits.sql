{{ config(materialized='view') }}

with credits as (select * from {{ ref('int_credits') }}),

final as (
    select
        order_id,
        model,
        kind,
        claim_id,
        influencer_id,
        campaign_id,
        ordered_at,
        day,
        weight,
        currency,
        gross_minor,
        amount_minor,
        gross_revenue,
        net_revenue,
        is_new_customer,
        status
    from credits
)

select * from final
