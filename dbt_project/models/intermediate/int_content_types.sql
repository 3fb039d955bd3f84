with posts as (select * from {{ ref('int_posts') }}),

deliverables as (select * from {{ ref('stg_deliverables') }}),

counted as (
    select
        influencer_id,
        campaign_id,
        content_type,
        'posted' as evidence,
        count(*) as times
    from posts
    where campaign_id is not null
    group by influencer_id, campaign_id, content_type
    union all
    select
        influencer_id,
        campaign_id,
        content_type,
        'agreed' as evidence,
        count(*) as times
    from deliverables
    group by influencer_id, campaign_id, content_type
),

final as (
    select
        influencer_id,
        campaign_id,
        content_type
    from counted
    qualify
        row_number() over (
            partition by influencer_id, campaign_id order by evidence desc, times desc, content_type asc
        ) = 1
)

select * from final
