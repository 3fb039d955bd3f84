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
        {{ minor_to_decimal('gross_reporting_minor') }} as gross_revenue,
        {{ minor_to_decimal('amount_reporting_minor') }} as net_revenue,
        is_new_customer,
        case when is_provisional then 'provisional' else 'settled' end as status
    from credits
)

select * from final
