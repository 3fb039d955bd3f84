with earned as (select * from {{ ref('int_earned_by_day') }}),

costs as (select * from {{ ref('int_costs') }}),

clicks as (select * from {{ ref('int_clicks_by_day') }}),

posts as (select * from {{ ref('int_post_days') }}),

commissions as (select * from {{ ref('int_commissions_by_day') }}),

members as (select * from {{ ref('int_campaign_influencers') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

influencers as (select * from {{ ref('stg_influencers') }}),

models as (select * from {{ ref('int_models') }}),

facts as (  -- each fact with its own columns alone: whoever has one kind of fact only is kept
    select * from earned
    union all by name
    select
        costs.influencer_id,
        costs.campaign_id,
        costs.day,
        models.model,
        costs.category,
        costs.reporting_minor as cost_minor,
        costs.reporting_minor is null as is_unpriced_cost
    from costs
    cross join models
    union all by name
    select
        commissions.influencer_id,
        commissions.campaign_id,
        commissions.day,
        models.model,
        commissions.reporting_minor as commission_minor,
        commissions.has_unpriced as is_unpriced_cost
    from commissions
    cross join models
    union all by name
    select
        clicks.*,
        models.model
    from clicks
    cross join models
    union all by name
    select
        posts.influencer_id,
        posts.campaign_id,
        posts.day,
        posts.impressions,
        posts.reach,
        posts.views,
        posts.engagements,
        posts.emv_minor,
        models.model
    from posts
    inner join influencers on posts.influencer_id = influencers.influencer_id
    inner join campaigns on posts.campaign_id = campaigns.campaign_id
    cross join models
    union all by name
    select
        members.influencer_id,
        members.campaign_id,
        models.model
    from members
    cross join models
    union all by name
    select
        campaigns.campaign_id,
        models.model
    from campaigns
    cross join models
),

final as (
    select
        influencer_id,
        campaign_id,
        day,
        model,
        coalesce(fsum(orders), 0) as orders,
        coalesce(fsum(new_customer_orders), 0) as new_customer_orders,
        coalesce(fsum(returning_customer_orders), 0) as returning_customer_orders,
        coalesce(fsum(provisional_orders), 0) as provisional_orders,
        coalesce(sum(gross_minor), 0) as gross_minor,
        coalesce(sum(net_minor), 0) as net_minor,
        coalesce(sum(provisional_net_minor), 0) as provisional_net_minor,
        coalesce(sum(cost_minor) filter (where category = 'fee'), 0) as cost_fee_minor,
        coalesce(sum(cost_minor) filter (where category = 'product'), 0) as cost_product_minor,
        coalesce(sum(cost_minor) filter (where category = 'shipping'), 0) as cost_shipping_minor,
        coalesce(sum(cost_minor) filter (where category = 'agency'), 0) as cost_agency_minor,
        coalesce(sum(cost_minor) filter (where category = 'platform'), 0) as cost_platform_minor,
        coalesce(sum(cost_minor) filter (where category = 'labour'), 0) as cost_labour_minor,
        coalesce(sum(cost_minor) filter (where category = 'boost'), 0) as cost_boost_minor,
        coalesce(sum(cost_minor) filter (where category = 'other'), 0) as cost_other_minor,
        coalesce(sum(commission_minor), 0) as commission_minor,
        coalesce(sum(clicks), 0) as clicks,
        coalesce(sum(valid_clicks), 0) as valid_clicks,
        sum(impressions) as impressions,
        sum(reach) as reach,
        sum(views) as views,
        coalesce(sum(engagements), 0) as engagements,
        coalesce(sum(emv_minor), 0) as emv_minor,
        coalesce(bool_or(is_unpriced_order), false) as has_unpriced_order,
        coalesce(bool_or(is_unpriced_cost), false) as has_unpriced_cost,
        coalesce(bool_or(is_provisional), false) as is_provisional
    from facts
    group by influencer_id, campaign_id, day, model
)

select * from final
