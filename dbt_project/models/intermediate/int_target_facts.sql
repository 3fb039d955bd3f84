with credits as (select * from {{ ref('int_credits') }}),

clicks as (select * from {{ ref('stg_resolved_clicks') }}),

posts as (select * from {{ ref('int_post_days') }}),

influencers as (select * from {{ ref('stg_influencers') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

voided as (select * from {{ ref('int_voided_clicks') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

won as (
    select credits.*
    from credits
    inner join settings on credits.ordered_at <= settings.watermark
    where credits.model = 'policy' and credits.influencer_id is not null
),

counted_clicks as (
    select
        clicks.influencer_id,
        clicks.campaign_id,
        cast(timezone(campaigns.timezone, clicks.occurred_at) as date) as day
    from clicks
    inner join campaigns on clicks.campaign_id = campaigns.campaign_id
    inner join settings on clicks.occurred_at <= settings.watermark
    anti join voided on clicks.event_id = voided.event_id and clicks.visitor_id = voided.visitor_id
    where clicks.influencer_id is not null and clicks.reason is null and not clicks.is_bot
),

counted_posts as (  -- as in the returns: of influencers and campaigns that the reference data knows
    select posts.*
    from posts
    inner join influencers on posts.influencer_id = influencers.influencer_id
    inner join campaigns on posts.campaign_id = campaigns.campaign_id
    cross join settings
    where posts.day <= cast(timezone(campaigns.timezone, settings.watermark) as date)
),

facts as (
    select
        influencer_id,
        campaign_id,
        day,
        'orders' as metric,
        cast(1 as decimal(38, 4)) as amount
    from won
    union all
    select
        influencer_id,
        campaign_id,
        day,
        'revenue' as metric,
        {{ minor_to_decimal('amount_reporting_minor') }} as amount
    from won
    union all
    select
        influencer_id,
        campaign_id,
        day,
        'clicks' as metric,
        1 as amount
    from counted_clicks
    union all
    select
        influencer_id,
        campaign_id,
        day,
        'impressions' as metric,
        impressions as amount
    from counted_posts
    where impressions is not null
    union all
    select
        influencer_id,
        campaign_id,
        day,
        'engagements' as metric,
        engagements as amount
    from counted_posts
),

final as (
    select
        influencer_id,
        campaign_id,
        day,
        metric,
        case when count(*) = count(amount) then cast(sum(amount) as decimal(38, 4)) end as amount
    from facts
    group by influencer_id, campaign_id, day, metric
)

select * from final
