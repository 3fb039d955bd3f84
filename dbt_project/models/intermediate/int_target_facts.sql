with credits as (select * from {{ ref('int_credits') }}),

clicks as (select * from {{ ref('stg_resolved_clicks') }}),

link_days as (select * from {{ ref('int_link_days') }}),

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

last_days as (
    select
        campaigns.campaign_id,
        campaigns.timezone,
        settings.watermark,
        cast(timezone(campaigns.timezone, settings.watermark) as date) as day
    from campaigns
    cross join settings
),

counted_clicks as (  -- by whole days, and one by one on the day of the watermark
    select
        link_days.influencer_id,
        link_days.campaign_id,
        link_days.day,
        link_days.holding_clicks as clicks
    from link_days
    inner join last_days on link_days.campaign_id = last_days.campaign_id and link_days.day < last_days.day
    union all
    select
        clicks.influencer_id,
        clicks.campaign_id,
        last_days.day,
        1 as clicks
    from clicks
    inner join settings
        on clicks.occurred_at > settings.watermark - interval 2 days and clicks.occurred_at <= settings.watermark
    inner join last_days
        on
            clicks.campaign_id = last_days.campaign_id
            and clicks.day = last_days.day
    where clicks.influencer_id is not null and clicks.reason is null and not clicks.is_bot
    union all
    select
        voided.influencer_id,
        voided.campaign_id,
        voided.day,
        -1 as clicks
    from voided
    inner join last_days on voided.campaign_id = last_days.campaign_id and voided.occurred_at <= last_days.watermark
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
        cast(sum(clicks) as bigint) as amount
    from counted_clicks
    group by influencer_id, campaign_id, day
    having sum(clicks) > 0
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
