-- What the ledger says is owed for a month is what its orders' plans pay; reckoned anew from the orders' present nets.
with ledger as (select * from {{ ref('fct_commissions') }}),

orders as (select * from {{ ref('int_orders') }}),

events as (select * from {{ ref('stg_orders') }}),

claims as (select * from {{ ref('fct_claims') }}),

codes as (select * from {{ ref('stg_codes') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

plans as (select * from {{ ref('stg_commission_plans') }}),

currencies as (select * from {{ ref('stg_currencies') }}),

rates as (select * from {{ ref('int_rates') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

payable as (  -- of an order's last amounts
    select
        order_id,
        arg_max(currency, (occurred_at, event_id)) as currency,
        arg_max(subtotal_minor - coalesce(discount_minor, 0), (occurred_at, event_id)) as payable_minor
    from events
    where kind in ('placed', 'amended')
    group by order_id
),

refunded as (
    select
        events.order_id,
        sum(cast(events.refund_amount as decimal(30, 4)) * currencies.units) as refunded_minor
    from events
    inner join payable on events.order_id = payable.order_id
    inner join currencies on payable.currency = currencies.currency
    where
        events.kind = 'refunded'
        and coalesce(events.currency = payable.currency, true)
        and regexp_matches(events.refund_amount, '^[0-9]+(\.[0-9]{1,4})?$')
        and 10 ** length(split_part(events.refund_amount, '.', 2)) <= currencies.units
    group by events.order_id
),

cancelled as (
    select distinct events.order_id
    from events
    where events.kind = 'cancelled'
),

won as (
    select
        orders.order_id,
        orders.ordered_at,
        orders.winner_influencer_id as influencer_id,
        orders.winner_campaign_id as campaign_id,
        payable.currency as order_currency,
        coalesce(codes.commission_plan_id, campaigns.commission_plan_id) as plan_id,
        coalesce(campaigns.currency, settings.reporting_currency) as campaign_currency,
        date_trunc('month', timezone(coalesce(campaigns.timezone, 'UTC'), orders.ordered_at)) as order_month,
        case
            when cancelled.order_id is null
                then greatest(0, payable.payable_minor - coalesce(cast(refunded.refunded_minor as hugeint), 0))
            else 0
        end as net_minor
    from orders
    cross join settings
    inner join payable on orders.order_id = payable.order_id
    left join refunded on orders.order_id = refunded.order_id
    left join cancelled on orders.order_id = cancelled.order_id
    left join claims on orders.order_id = claims.order_id and claims.is_winner
    left join campaigns on orders.winner_campaign_id = campaigns.campaign_id
    left join codes
        on
            claims.code = codes.normalised_code
            and coalesce(orders.ordered_at >= codes.valid_from, true)
            and coalesce(orders.ordered_at < codes.valid_to, true)
    where orders.winner_influencer_id is not null
),

headed as (
    select
        plan_id,
        first(kind order by tier_from nulls first) as kind,
        first(currency order by tier_from nulls first) filter (where currency is not null) as currency,
        first(amount order by tier_from nulls first) filter (where amount is not null) as amount,
        coalesce(
            cast(first(rate order by tier_from nulls first) filter (where rate is not null) as decimal(20, 12)), 0
        ) as rate,
        first(cap order by tier_from nulls first) filter (where cap is not null) as cap
    from plans
    group by plan_id
),

planned as (
    select
        won.*,
        headed.kind,
        headed.rate,
        headed.amount,
        headed.cap,
        coalesce(headed.currency, won.campaign_currency) as currency,
        cast(timezone('UTC', won.ordered_at) as date) as ordered_on
    from won
    inner join headed on won.plan_id = headed.plan_id
),

rated as (
    select
        planned.*,
        currencies.units,
        of_order.worth as order_worth,
        of_order.worth_base as order_worth_base,
        of_plan.worth as plan_worth,
        of_plan.worth_base as plan_worth_base,
        {{ divide_half_even('planned.net_minor * of_order.worth', 'of_order.worth_base') }} as net_reporting_minor
    from planned
    inner join currencies on planned.currency = currencies.currency
    asof left join rates as of_order
        on planned.order_currency = of_order.currency and planned.ordered_on >= of_order.rate_date
    asof left join rates as of_plan
        on planned.currency = of_plan.currency and planned.ordered_on >= of_plan.rate_date
),

based as (
    select
        *,
        round(amount * cast(units as decimal(5, 0))) as flat_minor,
        round(cap * cast(units as decimal(5, 0))) as cap_minor,
        case
            when currency = order_currency then net_minor
            else {{ exchanged('net_minor', 'net_reporting_minor', 'order', 'plan') }}
        end as base_minor
    from rated
),

reached as (
    select
        *,
        sum(base_minor) over (
            partition by influencer_id, campaign_id, order_month, plan_id order by ordered_at, order_id
        ) as up_to_minor
    from based
),

tiers as (
    select
        plan_id,
        coalesce(cast(rate as decimal(20, 12)), 0) as rate,
        coalesce(tier_from, 0) as tier_from,
        lead(coalesce(tier_from, 0)) over (partition by plan_id order by tier_from nulls first) as tier_to
    from plans
),

earned as (
    select
        reached.order_id,
        any_value(reached.kind) as kind,
        sum(
            cast(
                greatest(
                    0,
                    least(reached.up_to_minor, coalesce(tiers.tier_to * reached.units, reached.up_to_minor))
                    - greatest(reached.up_to_minor - reached.base_minor, tiers.tier_from * reached.units)
                ) as decimal(16, 0)
            ) * tiers.rate
        ) as hundredths
    from reached
    inner join tiers on reached.plan_id = tiers.plan_id
    where reached.kind = 'tiered'
    group by reached.order_id
),

owed as (
    select
        reached.influencer_id,
        reached.campaign_id,
        reached.plan_id,
        cast(reached.order_month as date) as order_month,
        any_value(reached.units) as units,
        any_value(reached.cap_minor) as cap_minor,
        bool_or(reached.base_minor is null) as is_unknown,
        sum(
            case reached.kind
                when 'flat' then if(reached.net_minor > 0, coalesce(reached.flat_minor, 0), 0)
                when 'percent' then round(cast(reached.base_minor as decimal(16, 0)) * reached.rate * 0.01)
                else round(earned.hundredths * 0.01)
            end
        ) as owed_minor
    from reached
    left join earned on reached.order_id = earned.order_id
    group by reached.influencer_id, reached.campaign_id, reached.plan_id, reached.order_month
),

entered as (
    select
        influencer_id,
        campaign_id,
        plan_id,
        month as order_month,
        sum(amount) as amount
    from ledger
    group by influencer_id, campaign_id, plan_id, month
),

final as (
    select
        influencer_id,
        campaign_id,
        plan_id,
        order_month,
        entered.amount as amount_in_ledger,
        least(owed.owed_minor, owed.cap_minor) / owed.units as amount_owed
    from owed
    full join entered using (influencer_id, campaign_id, plan_id, order_month)
    where
        not coalesce(owed.is_unknown, false)
        and coalesce(entered.amount, 0) * coalesce(owed.units, 1)
        != coalesce(least(owed.owed_minor, owed.cap_minor), 0)
)

select * from final
