with worths as (select * from {{ ref('int_commission_worths') }}),

changed as (
    select
        *,
        lag(base_minor) over line as base_before_minor,
        worth_minor - lag(worth_minor, 1, 0) over line as amount_minor,
        worth_reporting_minor - lag(worth_reporting_minor, 1, 0) over line as reporting_minor
    from worths
    window line as (partition by order_id, influencer_id, campaign_id order by step)
),

voids as (
    select
        * replace (
            'void' as cause,
            base_minor as base_before_minor,
            0 as base_minor,
            -amount_minor as amount_minor,
            -reporting_minor as reporting_minor
        )
    from changed
    where void_reason is not null
),

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
        'cap' as cause,
        max(ordered_at) as occurred_at,
        min(locked_at) filter (where worth_minor > 0) as locked_at,
        sum(worth_minor) as base_before_minor,
        cap_minor as base_minor,
        any_value(cap_minor) - sum(worth_minor) as amount_minor,
        case
            when not bool_or(worth_reporting_minor is null) then sum(worth_reporting_minor)
        end as month_reporting_minor,
        case when bool_or(status = 'provisional') then 'provisional' else 'settled' end as status
    from worths
    where is_latest and void_reason is null
    group by all
),

caps as (  -- in the reporting currency, the same part of the month
    select
        *,
        -({{ divide_half_even('month_reporting_minor * -amount_minor', 'base_before_minor') }}) as reporting_minor
    from months
    where amount_minor < 0
),

together as (
    select * from changed
    where cause = 'order' or amount_minor is distinct from 0
    union all by name
    select * from voids
    union all by name
    select * from caps
),

final as (
    select
        order_id,
        event_id,
        influencer_id,
        campaign_id,
        code,
        plan_id,
        kind,
        rate,
        cause,
        void_reason,
        occurred_at as entered_at,
        cast(timezone(timezone, occurred_at) as date) as day,
        order_month,
        locked_at,
        timezone(timezone, cast(order_month + interval 1 month as timestamp)) as month_ends_at,
        currency,
        units,
        below_minor,
        base_minor,
        base_before_minor,
        amount_minor,
        reporting_minor,
        status,
        coalesce(
            order_id is not null
            and sum(amount_minor) over line = 0
            and bool_or(cause in ('refund', 'cancellation', 'void')) over line, false
        ) as is_reversed
    from together
    window line as (partition by order_id, influencer_id, campaign_id)
)

select * from final
