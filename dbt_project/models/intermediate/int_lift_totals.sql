with days as (select * from {{ ref('int_lift_days') }}),

compared as (select * from {{ ref('int_lift_rows') }}),

summed as (
    select
        campaign_id,
        influencer_id,
        count(*) filter (where period = 'before') as days_before,
        count(*) filter (where period = 'during') as days_during,
        count(*) filter (where period = 'after') as days_after,
        sum(orders) filter (where period = 'before') as orders_before,
        sum(orders) filter (where period = 'during') as orders_during,
        sum(orders) filter (where period = 'after') as orders_after,
        sum(net_minor) filter (where period = 'before') as net_minor_before,
        sum(net_minor) filter (where period = 'during') as net_minor_during,
        sum(net_minor) filter (where period = 'after') as net_minor_after,
        bool_or(has_unpriced_order) as has_unpriced_order,
        bool_or(is_provisional) as is_provisional
    from days
    group by campaign_id, influencer_id
),

final as (
    select
        compared.campaign_id,
        compared.influencer_id,
        coalesce(summed.days_before, 0) as days_before,
        coalesce(summed.days_during, 0) as days_during,
        coalesce(summed.days_after, 0) as days_after,
        cast(coalesce(summed.orders_before, 0) as bigint) as orders_before,
        cast(coalesce(summed.orders_during, 0) as bigint) as orders_during,
        cast(coalesce(summed.orders_after, 0) as bigint) as orders_after,
        cast(coalesce(summed.net_minor_before, 0) as bigint) as net_minor_before,
        cast(coalesce(summed.net_minor_during, 0) as bigint) as net_minor_during,
        cast(coalesce(summed.net_minor_after, 0) as bigint) as net_minor_after,
        coalesce(summed.has_unpriced_order, false) as has_unpriced_order,
        coalesce(summed.is_provisional, false) as is_provisional,
        coalesce(
            least(summed.days_before, summed.days_during) >= 7
            and least(summed.orders_before, summed.orders_during) >= 10,
            false
        ) as is_enough
    from compared
    left join summed
        on
            compared.campaign_id = summed.campaign_id
            and compared.influencer_id is not distinct from summed.influencer_id
)

select * from final
