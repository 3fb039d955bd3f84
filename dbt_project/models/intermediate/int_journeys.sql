{{ config(materialized='incremental', incremental_strategy='changed_orders') }}

with attributions as (
    select * from {{ ref('int_current_attributions') }}
    {{ where_moved('changed_orders') }}
),

campaigns as (select * from {{ ref('stg_campaigns') }}),

touched as materialized (  -- else the filter below makes the lists once more
    select
        order_id,
        ordered_at,
        list_sort([
            struct_pack(
                occurred_at := c.occurred_at,
                claim_id := c.claim_id,
                kind := c.kind,
                influencer_id := c.influencer_id,
                campaign_id := c.campaign_id
            )
            for c in claims
            if list_contains(touch_keys, (c.kind, c.claim_id))
        ]) as touches
    from attributions
),

journeys as (
    select
        order_id,
        ordered_at,
        touches,
        [t.influencer_id for t in touches] as influencers,
        touches[-1].campaign_id as campaign_id
    from touched
    where len(touches) > 0
),

final as (
    select
        journeys.order_id,
        journeys.touches,
        journeys.influencers,
        journeys.campaign_id,
        cast(
            date_trunc('month', timezone(coalesce(campaigns.timezone, 'UTC'), journeys.ordered_at)) as date
        ) as month
    from journeys
    left join campaigns using (campaign_id)
)

select * from final
