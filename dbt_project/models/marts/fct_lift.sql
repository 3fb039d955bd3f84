with totals as (select * from {{ ref('int_lift_totals') }}),

intervals as (select * from {{ ref('int_lift_intervals') }}),

known as (
    select
        totals.*,
        intervals.orders_lift_low,
        intervals.orders_lift_high,
        intervals.orders_lift_low is not null as has_orders_lift,
        case when not totals.has_unpriced_order then intervals.revenue_lift_low end as revenue_lift_low,
        case when not totals.has_unpriced_order then intervals.revenue_lift_high end as revenue_lift_high,
        intervals.revenue_lift_low is not null and not totals.has_unpriced_order as has_revenue_lift
    from totals
    left join intervals
        on
            totals.campaign_id = intervals.campaign_id
            and totals.influencer_id is not distinct from intervals.influencer_id
),

amounts as (
    select
        *,
        case when not has_unpriced_order then {{ minor_to_decimal('net_minor_before') }} end as revenue_before,
        case when not has_unpriced_order then {{ minor_to_decimal('net_minor_during') }} end as revenue_during,
        case when not has_unpriced_order then {{ minor_to_decimal('net_minor_after') }} end as revenue_after
    from known
),

rates as (
    select
        *,
        {{ ratio('orders_before', 'days_before') }} as orders_per_day_before,
        {{ ratio('orders_during', 'days_during') }} as orders_per_day_during,
        {{ ratio('orders_after', 'days_after') }} as orders_per_day_after,
        {{ ratio('revenue_before', 'days_before') }} as revenue_per_day_before,
        {{ ratio('revenue_during', 'days_during') }} as revenue_per_day_during,
        {{ ratio('revenue_after', 'days_after') }} as revenue_per_day_after
    from amounts
),

final as (
    select
        campaign_id,
        influencer_id,
        case
            when influencer_id is null then 'all orders of the shop'
            else 'orders with a valid claim of the influencer'
        end as compared,
        days_before,
        days_during,
        days_after,
        orders_before,
        orders_during,
        orders_after,
        revenue_before,
        revenue_during,
        revenue_after,
        orders_per_day_before,
        orders_per_day_during,
        orders_per_day_after,
        revenue_per_day_before,
        revenue_per_day_during,
        revenue_per_day_after,
        case
            when has_orders_lift then 100 * ({{ ratio('orders_per_day_during', 'orders_per_day_before') }} - 1)
        end as orders_lift_pct,
        orders_lift_low as orders_lift_low_pct,
        orders_lift_high as orders_lift_high_pct,
        case
            when has_revenue_lift then 100 * ({{ ratio('revenue_per_day_during', 'revenue_per_day_before') }} - 1)
        end as revenue_lift_pct,
        revenue_lift_low as revenue_lift_low_pct,
        revenue_lift_high as revenue_lift_high_pct,
        case
            when not has_orders_lift then 'not enough data'
            when orders_lift_low > 0 then 'more orders a day than before'
            when orders_lift_high < 0 then 'fewer orders a day than before'
            else 'no clear change'
        end as verdict,
        case when is_provisional then 'provisional' else 'settled' end as status
    from rates
)

select * from final
