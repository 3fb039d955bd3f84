with members as (select * from {{ ref('int_campaign_influencers') }}),

costs as (select * from {{ ref('int_costs_by_day') }}),

credits as (select * from {{ ref('int_credits') }}),

posts as (select * from {{ ref('int_posts') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

measured as (
    select
        influencer_id,
        campaign_id,
        'by_cost' as shared_costs,
        sum(reporting_minor) as weight
    from costs
    group by influencer_id, campaign_id
    union all
    select
        influencer_id,
        campaign_id,
        'by_orders' as shared_costs,
        count(*) as weight
    from credits
    where model = 'policy'
    group by influencer_id, campaign_id
    union all
    select
        influencer_id,
        campaign_id,
        'by_impressions' as shared_costs,
        sum(impressions) as weight
    from posts
    group by influencer_id, campaign_id
),

weighed as (
    select
        members.campaign_id,
        members.influencer_id,
        coalesce(measured.weight, 0) as weight,
        sum(coalesce(measured.weight, 0)) over (partition by members.campaign_id) as total
    from members
    cross join settings
    left join measured
        on
            members.influencer_id = measured.influencer_id
            and members.campaign_id = measured.campaign_id
            and settings.shared_costs = measured.shared_costs
),

final as (  -- where nothing is measured, and by default, all have the same weight
    select
        campaign_id,
        influencer_id,
        cast(case when total > 0 then weight else 1 end as bigint) as weight,
        cast(case when total > 0 then total else count(*) over (partition by campaign_id) end as bigint) as total_weight
    from weighed
)

select * from final
