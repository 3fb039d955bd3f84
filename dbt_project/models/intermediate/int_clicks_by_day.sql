with link_days as (select * from {{ ref('int_link_days') }}),

voided as (select * from {{ ref('int_voided_clicks') }}),

facts as (
    select
        influencer_id,
        campaign_id,
        day,
        clicks,
        holding_clicks as valid_clicks
    from link_days
    union all
    select
        influencer_id,
        campaign_id,
        day,
        0 as clicks,
        -1 as valid_clicks
    from voided
),

final as (
    select
        influencer_id,
        campaign_id,
        day,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(valid_clicks) as bigint) as valid_clicks
    from facts
    group by influencer_id, campaign_id, day
)

select * from final
