{{ config(materialized='view') }}

with entries as (select * from {{ ref('int_commission_entries') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

worded as (
    select
        entries.*,
        settings.watermark,
        {{ minor_to_text('entries.base_minor', 'entries.units', 'entries.currency') }} as base_text,
        {{ minor_to_text('entries.base_before_minor', 'entries.units', 'entries.currency') }} as base_before_text,
        {{ minor_to_text('entries.below_minor', 'entries.units', 'entries.currency') }} as below_text,
        {{ minor_to_text('entries.amount_minor', 'entries.units', 'entries.currency') }} as amount_text,
        regexp_replace(cast(entries.rate as varchar), '\.?0+$', '') as rate_text,
        coalesce(
            entries.cause in ('amendment', 'refund', 'cancellation')
            and entries.amount_minor < 0
            and entries.entered_at >= entries.locked_at, false
        ) as is_clawback
    from entries
    cross join settings
),

final as (
    select
        md5(to_json([
            cause, order_id, event_id, influencer_id, campaign_id, plan_id, cast(order_month as varchar)
        ])) as entry_id,
        influencer_id,
        campaign_id,
        code,
        plan_id,
        order_id,
        cause,
        entered_at,
        day,
        order_month as month,
        currency,
        {{ minor_to_amount('amount_minor', 'units') }} as amount,
        {{ minor_to_decimal('reporting_minor') }} as commission,
        case
            when is_reversed then 'reversed'
            when watermark is null or locked_at > watermark then 'pending'
            when month_ends_at > watermark then 'locked'
            else 'payable'
        end as state,
        case
            when cause = 'cap'
                then concat('the plan pays at most ', base_text, ' for the month; earned were ', base_before_text)
            when cause = 'void' and void_reason = 'self_purchase'
                then 'nothing is owed: the influencer bought for themselves'
            when cause = 'void' then 'nothing is owed: the code had leaked by the time of the order'
            when amount_minor is null
                then 'unknown: a rate between the currencies of the order and of the plan is missing'
            when cause != 'order'
                then concat(
                    cause,
                    case when is_clawback then ' after the lock' end,
                    ': net ',
                    coalesce(base_text, 'unknown'),
                    ', before ',
                    coalesce(base_before_text, 'unknown')
                )
            when kind = 'flat' then concat(amount_text, ' for an order')
            when kind = 'percent' then concat(coalesce(rate_text, '0'), ' % of net ', base_text)
            else concat('tiers on net ', base_text, ', above ', below_text, ' of the month')
        end as reason,
        is_clawback,
        status
    from worded
)

select * from final
