with posts as (select * from {{ ref('int_posts') }}),

disclosures as (select * from {{ ref('int_post_disclosures') }}),

costs as (select * from {{ ref('int_post_costs') }}),

links as (select * from {{ ref('stg_links') }}),

carried as (
    select
        post_id,
        list(distinct link_id order by link_id) as link_ids
    from links
    where post_id is not null
    group by post_id
),

final as (
    select
        posts.post_id,
        posts.influencer_id,
        posts.campaign_id,
        posts.platform,
        posts.content_type,
        posts.published_at as posted_at,
        posts.day as posted_on,
        posts.caption,
        disclosures.disclosure,
        disclosures.disclosed_by,
        carried.link_ids,
        coalesce(costs.is_boosted, false) as is_boosted,
        posts.first_measured_at,
        posts.last_measured_at
    from posts
    inner join disclosures using (post_id)
    left join costs using (post_id)
    left join carried using (post_id)
)

select * from final
