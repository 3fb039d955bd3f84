with labels as (select * from {{ ref('int_click_labels') }}),

ghosts as (select * from {{ ref('int_ghost_days') }}),

final as (
    select
        campaign_id,
        influencer_id,
        link_id,
        day,
        suspicion,
        count(*) as clicks,
        count(distinct visitor_id) as visitors
    from labels
    group by campaign_id, influencer_id, link_id, day, suspicion
    union all by name
    select
        campaign_id,
        influencer_id,
        link_id,
        day,
        'ghost' as suspicion,
        clicks,
        visitors
    from ghosts
)

select * from final
