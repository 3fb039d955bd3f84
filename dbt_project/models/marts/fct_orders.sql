{{ config(materialized='view') }}

with orders as (select * from {{ ref('int_orders') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

final as (
    select
        orders.order_id,
        orders.ordered_at,
        cast(timezone(coalesce(campaigns.timezone, 'UTC'), orders.ordered_at) as date) as day,
        orders.is_new_customer,
        orders.is_cancelled,
        orders.currency,
        orders.subtotal_minor,
        orders.refunded_minor,
        orders.net_minor,
        {{ minor_to_decimal('orders.subtotal_reporting_minor') }} as gross_revenue,
        {{ minor_to_decimal('orders.net_reporting_minor') }} as net_revenue,
        orders.flags,
        orders.policy,
        orders.winner_influencer_id,
        orders.winner_campaign_id,
        orders.winner_kind,
        orders.winner_claim_id,
        orders.winner_claim_id is not null as is_attributed,
        orders.status,
        orders.revision_key,
        orders.computed_at,
        orders.reference_version
    from orders
    left join campaigns on orders.winner_campaign_id = campaigns.campaign_id
)

select * from final
