-- No cost stays out of the ROI marts because its campaign or its influencer sold nothing.
with costs as (select * from {{ ref('stg_costs') }}),

influencers as (select * from {{ ref('fct_influencer_roi') }}),

campaigns as (select * from {{ ref('fct_campaign_roi') }}),

models as (select * from {{ ref('int_models') }}),

expected as (
    select
        costs.cost_id,
        costs.campaign_id,
        costs.influencer_id,
        models.model
    from costs
    cross join models
),

final as (
    select expected.*
    from expected
    left join influencers using (influencer_id, campaign_id, model)
    left join campaigns using (campaign_id, model)
    where
        campaigns.campaign_id is null
        or (expected.influencer_id is not null and influencers.influencer_id is null)
)

select * from final
