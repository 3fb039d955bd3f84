with hashtags as (select * from {{ ref('int_post_hashtags') }}),

posts as (select * from {{ ref('int_posts') }}),

required as (select * from {{ ref('int_deliverable_hashtags') }}),

used as (
    select
        posts.campaign_id,
        hashtags.hashtag,
        count(*) as posts,
        count(distinct posts.influencer_id) as influencers,
        sum(posts.impressions) as impressions,
        sum(posts.engagements) as engagements
    from hashtags
    inner join posts using (post_id)
    group by posts.campaign_id, hashtags.hashtag
),

wanted as (
    select distinct
        campaign_id,
        hashtag
    from required
),

final as (
    select
        coalesce(used.campaign_id, wanted.campaign_id) as campaign_id,
        coalesce(used.hashtag, wanted.hashtag) as hashtag,
        coalesce(used.posts, 0) as posts,
        coalesce(used.influencers, 0) as influencers,
        cast(used.impressions as bigint) as impressions,
        cast(coalesce(used.engagements, 0) as bigint) as engagements,
        wanted.hashtag is not null as is_required
    from used
    full join wanted on used.campaign_id = wanted.campaign_id and used.hashtag = wanted.hashtag
)

select * from final
