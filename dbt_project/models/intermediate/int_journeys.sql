with attributions as (select * from {{ ref('int_current_attributions') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

credited as (  -- linear credits every touch of the journey that the path transform leaves
    select
        order_id,
        unnest([c for c in credits if c.model = 'linear']) as credit
    from attributions
),

claimed as (
    select
        order_id,
        unnest(claims) as claim
    from attributions
),

touches as (
    select
        claimed.order_id,
        struct_pack(
            occurred_at := claimed.claim.occurred_at,
            claim_id := claimed.claim.claim_id,
            kind := claimed.claim.kind,
            influencer_id := claimed.claim.influencer_id,
            campaign_id := claimed.claim.campaign_id
        ) as touch
    from claimed
    semi join credited
        on
            claimed.order_id = credited.order_id
            and claimed.claim.kind = credited.credit.kind
            and claimed.claim.claim_id = credited.credit.claim_id
),

journeys as (
    select
        order_id,
        list(touch order by touch) as touches,
        list(touch.influencer_id order by touch) as influencers,
        max(touch).campaign_id as campaign_id
    from touches
    group by order_id
),

final as (
    select
        journeys.order_id,
        journeys.touches,
        journeys.influencers,
        journeys.campaign_id,
        cast(
            date_trunc('month', timezone(coalesce(campaigns.timezone, 'UTC'), attributions.ordered_at)) as date
        ) as month
    from journeys
    inner join attributions using (order_id)
    left join campaigns using (campaign_id)
)

select * from final
