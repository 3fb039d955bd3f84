-- What a post's days added is what the platform said last: no snapshot is lost, none counts twice.
with days as (select * from {{ ref('int_post_days') }}),

posts as (select * from {{ ref('fct_post_performance') }}),

summed as (
    select
        post_id,
        sum(impressions) as impressions,
        sum(reach) as reach,
        sum(views) as views,
        sum(engagements) as engagements,
        {{ minor_to_decimal('sum(emv_minor)') }} as emv
    from days
    group by post_id
),

final as (
    select
        post_id,
        summed.impressions as impressions_of_days,
        posts.impressions,
        summed.engagements as engagements_of_days,
        posts.engagements,
        summed.emv as emv_of_days,
        posts.emv
    from posts
    full join summed using (post_id)
    where
        summed.impressions is distinct from posts.impressions
        or summed.reach is distinct from posts.reach
        or summed.views is distinct from posts.views
        or summed.engagements is distinct from posts.engagements
        or summed.emv is distinct from posts.emv
)

select * from final
