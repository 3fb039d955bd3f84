with posts as (select * from {{ ref('int_post_details') }}),

totals as (select * from {{ ref('int_post_totals') }}),

latest as (
    select *
    from totals
    qualify row_number() over (partition by post_id order by day desc) = 1
),

final as (
    select
        posts.post_id,
        posts.influencer_id,
        posts.campaign_id,
        posts.platform,
        posts.content_type,
        posts.caption,
        posts.published_at,
        posts.first_measured_at,
        posts.last_measured_at,
        latest.impressions,
        latest.reach,
        latest.views,
        latest.likes,
        latest.comments,
        latest.shares,
        latest.saves,
        latest.engagements,
        cast(timezone(posts.timezone, posts.published_at) as date) as day,
        latest.emv_minor
    from posts
    inner join latest using (post_id)
)

select * from final
