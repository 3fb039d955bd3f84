with uses as (select * from {{ ref('int_code_uses') }}),

clicks as (select * from {{ ref('int_clicks_by_day') }}),

used as (
    select
        influencer_id,
        campaign_id,
        count(*) as uses
    from uses
    group by influencer_id, campaign_id
),

clicked as (
    select
        influencer_id,
        campaign_id,
        sum(valid_clicks) as clicks
    from clicks
    group by influencer_id, campaign_id
    having sum(valid_clicks) > 0
),

ratios as (
    select
        clicked.influencer_id,
        clicked.campaign_id,
        coalesce(used.uses, 0) / cast(clicked.clicks as double) as uses_per_click
    from clicked
    left join used using (influencer_id, campaign_id)
),

final as (  -- the others': a leak must not be what it is compared with
    select
        used.influencer_id,
        used.campaign_id,
        median(ratios.uses_per_click) as usual_uses_per_click
    from used
    left join ratios
        on used.campaign_id = ratios.campaign_id and used.influencer_id != ratios.influencer_id
    group by used.influencer_id, used.campaign_id
)

select * from final
