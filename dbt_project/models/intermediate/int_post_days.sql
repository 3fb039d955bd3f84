with totals as (select * from {{ ref('int_post_totals') }}),

differences as (
    select
        post_id,
        influencer_id,
        campaign_id,
        platform,
        content_type,
        day,
        impressions - coalesce(lag(impressions) over days, 0) as impressions,
        reach - coalesce(lag(reach) over days, 0) as reach,
        views - coalesce(lag(views) over days, 0) as views,
        likes - coalesce(lag(likes) over days, 0) as likes,
        comments - coalesce(lag(comments) over days, 0) as comments,
        shares - coalesce(lag(shares) over days, 0) as shares,
        saves - coalesce(lag(saves) over days, 0) as saves,
        engagements - coalesce(lag(engagements) over days, 0) as engagements,
        emv_minor - coalesce(lag(emv_minor) over days, 0) as emv_minor
    from totals
    window days as (partition by post_id order by day)
),

final as (
    select
        *,
        coalesce(least(impressions, reach, views, likes, comments, shares, saves) < 0, false) as is_correction
    from differences
)

select * from final
