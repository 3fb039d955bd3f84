with snapshots as (select * from {{ ref('stg_post_metrics') }}),

posts as (select * from {{ ref('int_post_details') }}),

carried as (  -- a total that a snapshot leaves out is still the last known one
    select
        post_id,
        event_id,
        occurred_at,
        last_value(impressions ignore nulls) over so_far as impressions,
        last_value(reach ignore nulls) over so_far as reach,
        last_value(views ignore nulls) over so_far as views,
        last_value(likes ignore nulls) over so_far as likes,
        last_value(comments ignore nulls) over so_far as comments,
        last_value(shares ignore nulls) over so_far as shares,
        last_value(saves ignore nulls) over so_far as saves
    from snapshots
    window so_far as (
        partition by post_id
        order by occurred_at, event_id
        rows between unbounded preceding and current row
    )
),

dated as (
    select
        carried.*,
        posts.influencer_id,
        posts.campaign_id,
        posts.platform,
        posts.content_type,
        posts.impression_parts,
        posts.engagement_parts,
        posts.parts_of_a_unit,
        cast(timezone(posts.timezone, carried.occurred_at) as date) as day
    from carried
    inner join posts using (post_id)
),

day_ends as (
    select
        *,
        coalesce(likes, 0) + coalesce(comments, 0) + coalesce(shares, 0) + coalesce(saves, 0) as engagements
    from dated
    qualify row_number() over (partition by post_id, day order by occurred_at desc, event_id desc) = 1
),

valued as (
    select
        *,
        impression_parts * coalesce(impressions, 0) + engagement_parts * engagements as value_parts
    from day_ends
),

final as (
    select
        post_id,
        influencer_id,
        campaign_id,
        platform,
        content_type,
        day,
        impressions,
        reach,
        views,
        likes,
        comments,
        shares,
        saves,
        engagements,
        cast({{ divide_half_even('value_parts', 'parts_of_a_unit') }} as bigint) as emv_minor
    from valued
)

select * from final
