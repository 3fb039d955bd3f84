with posts as (select * from {{ ref('int_posts') }}),

days as (select * from {{ ref('int_post_days') }}),

disclosures as (select * from {{ ref('int_post_disclosures') }}),

sales as (select * from {{ ref('int_post_sales') }}),

costs as (select * from {{ ref('int_post_costs') }}),

snapshots as (select * from {{ ref('stg_post_metrics') }}),

influencers as (select * from {{ ref('dim_influencer') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

followed as (
    select
        post_id,
        arg_max(followers, (occurred_at, event_id)) as followers
    from snapshots
    where followers is not null
    group by post_id
),

corrected as (
    select
        post_id,
        bool_or(is_correction) as has_correction
    from days
    group by post_id
),

measured as (
    select
        posts.*,
        disclosures.disclosure,
        coalesce(followed.followers, influencers.followers) as followers,
        corrected.has_correction,
        {{ minor_to_decimal('posts.emv_minor') }} as emv,
        {{ minor_to_decimal('costs.cost_minor') }} as cost,
        coalesce(sales.clicks, 0) as clicks,
        coalesce(sales.valid_clicks, 0) as valid_clicks,
        coalesce(sales.orders, 0) as orders,
        case
            when sales.post_id is null then {{ minor_to_decimal('0') }}
            else {{ minor_to_decimal('sales.net_minor') }}
        end as net_revenue,
        case when sales.is_provisional then 'provisional' else 'settled' end as status,
        greatest(0, cast(floor(epoch(settings.watermark - posts.published_at) / 86400) as bigint)) as days_since_post
    from posts
    cross join settings
    inner join disclosures on posts.post_id = disclosures.post_id
    inner join corrected on posts.post_id = corrected.post_id
    left join followed on posts.post_id = followed.post_id
    left join sales on posts.post_id = sales.post_id
    left join costs on posts.post_id = costs.post_id
    left join influencers on posts.influencer_id = influencers.influencer_id
),

final as (
    select
        post_id,
        influencer_id,
        campaign_id,
        platform,
        content_type,
        published_at as posted_at,
        days_since_post,
        impressions,
        reach,
        views,
        likes,
        comments,
        shares,
        saves,
        engagements,
        followers,
        {{ ratio('engagements', 'followers') }} as engagement_rate,
        {{ ratio('engagements', 'reach') }} as engagement_rate_by_reach,
        {{ ratio('engagements', 'views') }} as engagement_rate_by_views,
        emv,
        cost,
        {{ ratio('1000 * cost', 'impressions') }} as cpm,
        {{ ratio('cost', 'engagements') }} as cpe,
        clicks,
        valid_clicks,
        {{ ratio('clicks', 'impressions') }} as ctr,
        orders,
        net_revenue,
        status,
        disclosure,
        has_correction,
        last_measured_at
    from measured
)

select * from final
