with days as (select * from {{ ref('int_lift_days') }}),

totals as (select * from {{ ref('int_lift_totals') }}),

final as (
    select
        days.campaign_id,
        days.influencer_id,
        days.period,
        days.day,
        days.orders,
        days.net_minor
    from days
    inner join totals
        on
            days.campaign_id = totals.campaign_id
            and days.influencer_id is not distinct from totals.influencer_id
    where totals.is_enough and days.period in ('before', 'during')
)

select * from final
