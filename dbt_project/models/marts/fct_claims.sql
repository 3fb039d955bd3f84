{{ config(materialized='incremental', incremental_strategy='changed_orders') }}

with attributions as (
    select * from {{ ref('int_current_attributions') }}
    {{ where_moved('changed_orders') }}
),

made as (
    select
        order_id,
        ordered_at,
        unnest(claims) as claim
    from attributions
),

final as (
    select
        order_id,
        claim.kind,
        claim.claim_id,
        claim.influencer_id,
        claim.campaign_id,
        claim.code,
        claim.link_id,
        claim.occurred_at,
        ordered_at,
        claim.valid as is_valid,
        claim.reason,
        claim.reason = 'won' as is_winner
    from made
)

select * from final
