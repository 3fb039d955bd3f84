{{ config(materialized='incremental', incremental_strategy='recounted_lines') }}

{% do ref('int_recounted_lines') %}
with lines as (
    select * from {{ ref('int_commission_orders') }}
    {{ where_moved('recounted_lines') }}
),

nets as (select * from {{ ref('int_commission_nets') }}),

rates as (select * from {{ ref('int_rates') }}),

tiers as (select * from {{ ref('int_commission_tiers') }}),

steps as (  -- a void line ends where it began
    select
        lines.*,
        nets.event_id,
        nets.step,
        nets.cause,
        nets.occurred_at,
        nets.net_minor,
        nets.is_latest,
        nets.currency as order_currency,
        cast(timezone('UTC', lines.ordered_at) as date) as ordered_on
    from lines
    inner join nets using (order_id)
    where lines.void_reason is null or nets.step = 1
),

days as (  -- few beside the orders, so that finding their rates costs nothing
    select distinct
        order_currency,
        currency,
        ordered_on
    from steps
),

day_rates as (
    select
        days.*,
        order_rates.worth as order_worth,
        order_rates.worth_base as order_worth_base,
        plan_rates.worth as plan_worth,
        plan_rates.worth_base as plan_worth_base
    from days
    asof left join rates as order_rates
        on days.order_currency = order_rates.currency and days.ordered_on >= order_rates.rate_date
    asof left join rates as plan_rates
        on days.currency = plan_rates.currency and days.ordered_on >= plan_rates.rate_date
),

rated as (
    select
        steps.*,
        day_rates.order_worth,
        day_rates.order_worth_base,
        day_rates.plan_worth,
        day_rates.plan_worth_base
    from steps
    inner join day_rates using (order_currency, currency, ordered_on)
),

reported as (
    select
        *,
        {{ divide_half_even('net_minor * order_worth', 'order_worth_base') }} as net_reporting_minor
    from rated
),

based as (
    select
        *,
        case
            when order_currency = currency then net_minor
            else {{ exchanged('net_minor', 'net_reporting_minor', 'order', 'plan') }}
        end as base_minor
    from reported
),

months as (  -- what the month had earned before the order, by the present nets: of tiers alone it matters
    select
        order_id,
        influencer_id,
        campaign_id,
        coalesce(
            sum(case when void_reason is null then base_minor end) over (
                partition by influencer_id, campaign_id, order_month, plan_id
                order by ordered_at, order_id
                rows between unbounded preceding and 1 preceding
            ), 0
        ) as below_minor
    from based
    where kind = 'tiered' and (is_latest or void_reason is not null)
),

placed as (
    select
        based.*,
        coalesce(months.below_minor, 0) as below_minor,
        coalesce(months.below_minor, 0) + based.base_minor as up_to_minor
    from based
    left join months using (order_id, influencer_id, campaign_id)
),

sliced as (
    select
        placed.*,
        upper_tier.parts_below + upper_tier.rate_parts * (placed.up_to_minor - upper_tier.from_minor)
        - lower_tier.parts_below - lower_tier.rate_parts * (placed.below_minor - lower_tier.from_minor) as parts
    from placed
    left join tiers as lower_tier
        on
            placed.plan_id = lower_tier.plan_id
            and placed.currency = lower_tier.currency
            and placed.below_minor >= lower_tier.from_minor
            and placed.below_minor < lower_tier.to_minor
    left join tiers as upper_tier
        on
            placed.plan_id = upper_tier.plan_id
            and placed.currency = upper_tier.currency
            and placed.up_to_minor >= upper_tier.from_minor
            and placed.up_to_minor < upper_tier.to_minor
),

owed as (
    select
        *,
        case
            when kind = 'flat' and net_minor = 0 then 0
            when kind = 'flat' then coalesce(flat_minor, 0)
            else {{ percent_half_up('parts') }}
        end as worth_minor
    from sliced
),

final as (
    select
        order_id,
        influencer_id,
        campaign_id,
        code,
        void_reason,
        plan_id,
        kind,
        rate,
        currency,
        units,
        cap_minor,
        ordered_at,
        timezone,
        order_month,
        locked_at,
        status,
        event_id,
        step,
        cause,
        occurred_at,
        is_latest,
        below_minor,
        base_minor,
        worth_minor,
        {{ divide_half_even('worth_minor * plan_worth', 'plan_worth_base') }} as worth_reporting_minor
    from owed
)

select * from final
