with costs as (select * from {{ ref('stg_costs') }}),

currencies as (select * from {{ ref('stg_currencies') }}),

rates as (select * from {{ ref('int_rates') }}),

spans as (
    select
        costs.*,
        cast(costs.amount * cast(currencies.units as decimal(5, 0)) as bigint) as amount_minor,
        coalesce(costs.period_start, costs.incurred_on) as starts_on,
        coalesce(costs.period_end, costs.period_start, costs.incurred_on) as ends_on
    from costs
    inner join currencies using (currency)
),

days as (
    select
        cost_id,
        campaign_id,
        influencer_id,
        category,
        currency,
        amount_minor,
        ends_on - starts_on + 1 as day_count,
        cast(unnest(generate_series(starts_on, ends_on, interval 1 day)) as date) as day
    from spans
),

split as (  -- the days' remainders are all equal, so the earliest days get the units that are left
    select
        *,
        amount_minor // day_count
        + case
            when row_number() over (partition by cost_id order by day) <= amount_minor % day_count then 1
            else 0
        end as minor
    from days
),

final as (
    select
        split.cost_id,
        split.campaign_id,
        split.influencer_id,
        split.category,
        split.day,
        split.currency,
        split.minor,
        cast(
            {{ divide_half_even('split.minor * rates.worth', 'rates.worth_base') }} as bigint
        ) as reporting_minor
    from split
    asof left join rates on split.currency = rates.currency and split.day >= rates.rate_date
)

select * from final
