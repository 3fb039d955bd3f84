-- What the ledger says an influencer is owed for a campaign is the commission of the ROI marts, in every model alike.
with ledger as (select * from {{ ref('fct_commissions') }}),

influencers as (select * from {{ ref('fct_influencer_roi') }}),

models as (select * from {{ ref('int_models') }}),

entered as (
    select
        ledger.influencer_id,
        ledger.campaign_id,
        models.model,
        sum(ledger.commission) as commission
    from ledger
    cross join models
    group by ledger.influencer_id, ledger.campaign_id, models.model
),

final as (
    select
        influencer_id,
        campaign_id,
        model,
        entered.commission as commission_in_ledger,
        influencers.commission
    from influencers
    full join entered using (influencer_id, campaign_id, model)
    where coalesce(influencers.commission, 0) != coalesce(entered.commission, 0)
)

select * from final
