{{ config(materialized='incremental', incremental_strategy='recounted_order_months', on_schema_change='fail') }}

{% do ref('int_recounted_months') %}
with worths as (
    select * from {{ ref('int_commission_worths') }}
    {{ of_recounted_months('order_month') }}
),

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

worthless as (
    select
        order_id,
        influencer_id,
        campaign_id
    from worths
    where is_latest and worth_minor = 0
),

undone as (  -- came to nothing, and not for want of worth
    select distinct
        changed.order_id,
        changed.influencer_id,
        changed.campaign_id
    from changed
    inner join worthless using (order_id, influencer_id, campaign_id)
    where changed.cause in ('refund', 'cancellation') and changed.amount_minor != 0
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
        together.order_id,
        together.event_id,
        together.influencer_id,
        together.campaign_id,
        together.code,
        together.plan_id,
        together.kind,
        together.rate,
        together.cause,
        together.void_reason,
        together.occurred_at as entered_at,
        cast(timezone(together.timezone, together.occurred_at) as date) as day,
        together.order_month,
        together.locked_at,
        timezone(together.timezone, cast(together.order_month + interval 1 month as timestamp)) as month_ends_at,
        together.currency,
        together.units,
        together.below_minor,
        together.base_minor,
        together.base_before_minor,
        together.amount_minor,
        together.reporting_minor,
        together.status,
        together.void_reason is not null or undone.order_id is not null as is_reversed
    from together
    left join undone using (order_id, influencer_id, campaign_id)
)

select * from final
