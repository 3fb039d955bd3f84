with deliverables as (select * from {{ ref('stg_deliverables') }}),

posts as (select * from {{ ref('int_posts') }}),

owed as (  -- the same words in other capitals are the same platform and form
    select
        *,
        lower(trim(platform)) as owed_platform,
        lower(trim(content_type)) as owed_type,
        row_number() over (
            partition by campaign_id, influencer_id, lower(trim(platform)), lower(trim(content_type))
            order by due_on, deliverable_id
        ) as turn
    from deliverables
),

posted as (
    select
        *,
        lower(trim(platform)) as posted_platform,
        lower(trim(content_type)) as posted_type,
        row_number() over (
            partition by campaign_id, influencer_id, lower(trim(platform)), lower(trim(content_type))
            order by published_at, post_id
        ) as turn
    from posts
),

final as (  -- the earliest post fulfils what is due first
    select
        owed.deliverable_id,
        posted.post_id,
        posted.published_at,
        posted.day as posted_on
    from owed
    left join posted
        on
            owed.campaign_id = posted.campaign_id
            and owed.influencer_id = posted.influencer_id
            and owed.owed_platform = posted.posted_platform
            and owed.owed_type = posted.posted_type
            and owed.turn = posted.turn
)

select * from final
