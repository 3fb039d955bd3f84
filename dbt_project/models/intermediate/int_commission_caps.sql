with worths as (select * from {{ ref('int_commission_worths') }}),

months as (
    select
        influencer_id,
        campaign_id,
        plan_id,
        order_month,
        kind,
        currency,
        units,
        timezone,
        cap_minor,
        max(ordered_at) as entered_at,
        min(locked_at) filter (where worth_minor > 0) as locked_at,
        sum(worth_minor) as earned_minor,
        case
            when not bool_or(worth_reporting_minor is null) then sum(worth_reporting_minor)
        end as month_reporting_minor,
        case when bool_or(status = 'provisional') then 'provisional' else 'settled' end as status
    from worths
    where cap_minor is not null and is_latest and void_reason is null
    group by all
),

exceeded as (
    select * from months
    where earned_minor > cap_minor
),

final as (  -- in the reporting currency, the same part of the month
    select
        influencer_id,
        campaign_id,
        plan_id,
        kind,
        'cap' as cause,
        entered_at,
        cast(timezone(timezone, entered_at) as date) as day,
        order_month,
        locked_at,
        {{ end_of_month('order_month', 'timezone') }} as month_ends_at,
        currency,
        units,
        cap_minor as base_minor,
        earned_minor as base_before_minor,
        cap_minor - earned_minor as amount_minor,
        -({{ divide_half_even('month_reporting_minor * (earned_minor - cap_minor)', 'earned_minor') }})
            as reporting_minor,
        status,
        false as is_reversed
    from exceeded
)

select * from final
