{{ config(materialized='incremental', incremental_strategy='changed_orders') }}

with events as (
    select * from {{ events_of_changed_orders() }}
),

lines as (
    select * from {{ ref('int_commission_orders') }}
    {{ where_moved('changed_orders') }}
),

currencies as (select * from {{ ref('stg_currencies') }}),

commissioned as (select distinct lines.order_id from lines),

told as (
    select
        events.order_id,
        events.event_id,
        events.occurred_at,
        events.kind,
        events.currency as event_currency,
        split_part(events.refund_amount, '.', 1) as refund_whole,
        split_part(events.refund_amount, '.', 2) as refund_decimals,
        case when events.kind in ('placed', 'amended') then events.currency end as currency_told,
        case
            when events.kind in ('placed', 'amended') then events.subtotal_minor - coalesce(events.discount_minor, 0)
        end as payable_told
    from events
    inner join commissioned using (order_id)
),

spoken as (
    select distinct
        told.order_id,
        currencies.currency,
        cast(length(cast(currencies.units as varchar)) - 1 as integer) as digits
    from told
    inner join currencies on told.currency_told = currencies.currency
),

counted as (  -- once in each currency that the order ever had: a refund counts in its order's own alone
    select
        told.*,
        spoken.currency,
        case
            when
                told.kind = 'refunded'
                and coalesce(told.event_currency, spoken.currency) = spoken.currency
                and length(told.refund_decimals) <= spoken.digits
                then try_cast(told.refund_whole || rpad(told.refund_decimals, spoken.digits, '0') as hugeint)
        end as refund_minor
    from told
    inner join spoken using (order_id)
),

after_each as (
    select
        order_id,
        event_id,
        occurred_at,
        kind,
        currency,
        last_value(currency_told ignore nulls) over so_far as currency_then,
        last_value(payable_told ignore nulls) over so_far as payable_minor,
        coalesce(sum(refund_minor) over so_far, 0) as refunded_minor,
        bool_or(kind = 'cancelled') over so_far as is_cancelled,
        bool_or(kind = 'placed') over so_far as is_placed
    from counted
    window
        so_far as (
            partition by order_id, currency
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        )
),

steps as (
    select
        *,
        row_number() over (partition by order_id order by occurred_at, event_id) as step,
        row_number() over (partition by order_id order by occurred_at desc, event_id desc) as steps_left
    from after_each
    where currency = currency_then and is_placed
),

final as (
    select
        order_id,
        event_id,
        step,
        occurred_at,
        currency,
        steps_left = 1 as is_latest,
        case
            when step = 1 then 'order'
            when kind = 'refunded' then 'refund'
            when kind = 'cancelled' then 'cancellation'
            else 'amendment'
        end as cause,
        case when is_cancelled then 0 else greatest(0, payable_minor - refunded_minor) end as net_minor
    from steps
)

select * from final
