-- Every target has exactly one row.
with wanted as (select * from {{ ref('stg_targets') }}),

targets as (select * from {{ ref('fct_pacing') }}),

together as (
    select
        campaign_id,
        influencer_id,
        metric,
        starts_on,
        ends_on,
        1 as wanted,
        0 as listed
    from wanted
    union all
    select
        campaign_id,
        influencer_id,
        metric,
        starts_on,
        ends_on,
        0 as wanted,
        1 as listed
    from targets
),

final as (
    select
        campaign_id,
        influencer_id,
        metric,
        starts_on,
        ends_on,
        sum(listed) as rows_of_target
    from together
    group by campaign_id, influencer_id, metric, starts_on, ends_on
    having sum(wanted) != 1 or sum(listed) != 1
)

select * from final
