-- Warns of each post whose influencer or campaign the reference data does not know: it counts in no return.
{{ config(severity='warn') }}

with posts as (select * from {{ ref('int_posts') }}),

influencers as (select * from {{ ref('stg_influencers') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

final as (
    select
        posts.post_id,
        posts.influencer_id,
        posts.campaign_id
    from posts
    left join influencers on posts.influencer_id = influencers.influencer_id
    left join campaigns on posts.campaign_id = campaigns.campaign_id
    where
        influencers.influencer_id is null
        or (posts.campaign_id is not null and campaigns.campaign_id is null)
)

select * from final
