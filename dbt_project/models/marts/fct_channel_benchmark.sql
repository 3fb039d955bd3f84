with channels as (select * from {{ ref('stg_channels') }}),

rates as (select * from {{ ref('int_rates') }}),

currencies as (select * from {{ ref('stg_currencies') }}),

days as (select * from {{ ref('int_influencer_day') }}),

priced as (
    select
        channels.channel,
        channels.orders,
        channels.revenue,
        cast(date_trunc('month', channels.day) as date) as month,
        cast(channels.spend * currencies.units as hugeint) * rates.worth as spend_parts,
        cast(channels.revenue * currencies.units as hugeint) * rates.worth as revenue_parts,
        rates.worth_base
    from channels
    left join currencies on channels.currency = currencies.currency
    asof left join rates on channels.currency = rates.currency and channels.day >= rates.rate_date
),

converted as (
    select
        *,
        cast({{ divide_half_even('spend_parts', 'worth_base') }} as bigint) as spend_minor,
        cast({{ divide_half_even('revenue_parts', 'worth_base') }} as bigint) as revenue_minor
    from priced
),

of_channels as (
    select
        channel,
        month,
        cast(sum(orders) as double) as orders,
        case when count(*) = count(spend_minor) then {{ minor_to_decimal('sum(spend_minor)') }} end as spend,
        case when count(revenue) = count(revenue_minor) then {{ minor_to_decimal('sum(revenue_minor)') }} end
            as revenue,
        'itself' as claimed_by
    from converted
    group by channel, month
),

by_month as (
    select
        'influencer' as channel,
        cast(date_trunc('month', day) as date) as month,
        {{ roi_sums() }}
    from days
    where model = 'policy' and day is not null
    group by date_trunc('month', day)
),

of_influencers as (
    select
        channel,
        month,
        orders,
        {{ cost_total() }} as spend,
        net_revenue as revenue,
        'attribution' as claimed_by
    from by_month
),

together as (
    select
        channel,
        month,
        spend,
        orders,
        revenue,
        claimed_by
    from of_channels
    union all
    select
        channel,
        month,
        spend,
        orders,
        revenue,
        claimed_by
    from of_influencers
),

final as (  -- a month in which nothing was spent or sold, only clicked, is none to compare
    select
        channel,
        month,
        spend,
        orders,
        revenue,
        {{ ratio('revenue', 'spend') }} as roas,
        {{ ratio('spend', 'orders') }} as cpa,
        {{ ratio('revenue', 'orders') }} as aov,
        {{ ratio(
            'sum(revenue) filter (where spend is not null) over to_date',
            'sum(spend) filter (where revenue is not null) over to_date'
        ) }} as roas_to_date,
        {{ ratio(
            'sum(spend) filter (where orders is not null) over to_date',
            'sum(orders) filter (where spend is not null) over to_date'
        ) }} as cpa_to_date,
        claimed_by
    from together
    where claimed_by = 'itself' or coalesce(spend, 1) != 0 or coalesce(revenue, 1) != 0 or orders != 0
    window to_date as (partition by claimed_by, channel order by month)
)

select * from final
