{{ config(materialized='incremental', incremental_strategy='changed_orders') }}

with orders as (
    select * from {{ ref('int_orders') }}
    {{ where_moved('changed_orders') }}
),

attributions as (
    select * from {{ ref('int_current_attributions') }}
    {{ where_moved('changed_orders') }}
),

codes as (select * from {{ ref('stg_codes') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

plans as (select * from {{ ref('int_commission_plans') }}),

currencies as (select * from {{ ref('stg_currencies') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

made as (
    select
        order_id,
        unnest(claims) as claim
    from attributions
),

claims as (
    select
        order_id,
        claim.kind,
        claim.claim_id,
        claim.influencer_id,
        claim.campaign_id,
        claim.code,
        claim.occurred_at,
        claim.reason
    from made
    where claim.reason in ('won', 'code_compromised', 'self_purchase')
),

won as (
    select
        orders.order_id,
        orders.winner_influencer_id as influencer_id,
        orders.winner_campaign_id as campaign_id,
        claims.code,
        cast(null as varchar) as void_reason
    from orders
    left join claims
        on
            orders.order_id = claims.order_id
            and orders.winner_kind = claims.kind
            and orders.winner_claim_id = claims.claim_id
    where orders.winner_influencer_id is not null
),

leading_void as (  -- of codes the first, where no code won; of clicks the last, where nobody won
    select
        claims.*,
        orders.winner_influencer_id,
        orders.winner_campaign_id
    from claims
    inner join orders using (order_id)
    where
        claims.reason != 'won'
        and case claims.kind
            when 'code' then orders.winner_kind is distinct from 'code'
            else orders.winner_kind is null
        end
    qualify row_number() over (
        partition by claims.order_id
        order by
            claims.kind asc,
            case claims.kind when 'code' then epoch_us(claims.occurred_at) else -epoch_us(claims.occurred_at) end asc,
            claims.code asc,
            case claims.kind when 'code' then claims.claim_id end asc,
            claims.claim_id desc
    ) = 1
),

voided as (  -- whoever is paid for the order all the same lost nothing
    select
        order_id,
        influencer_id,
        campaign_id,
        code,
        reason as void_reason
    from leading_void
    where
        influencer_id is distinct from winner_influencer_id
        or campaign_id is distinct from winner_campaign_id
),

cases as (
    select * from won
    union all
    select * from voided
),

code_rows as (
    select
        normalised_code,
        commission_plan_id,
        coalesce(valid_from, timestamptz '-infinity') as holds_from,
        coalesce(valid_to, timestamptz 'infinity') as holds_to
    from codes
    where commission_plan_id is not null
),

planned as (
    select
        cases.*,
        orders.ordered_at,
        orders.status,
        campaigns.currency as campaign_currency,
        coalesce(campaigns.timezone, 'UTC') as timezone,
        coalesce(code_rows.commission_plan_id, campaigns.commission_plan_id) as plan_id
    from cases
    inner join orders using (order_id)
    left join campaigns on cases.campaign_id = campaigns.campaign_id
    left join code_rows
        on
            cases.code = code_rows.normalised_code
            and orders.ordered_at >= code_rows.holds_from
            and orders.ordered_at < code_rows.holds_to
),

final as (
    select
        planned.order_id,
        planned.influencer_id,
        planned.campaign_id,
        planned.code,
        planned.void_reason,
        planned.plan_id,
        plans.kind,
        plans.rate,
        currencies.currency,
        currencies.units,
        planned.ordered_at,
        planned.timezone,
        planned.status,
        cast(round(plans.amount * cast(currencies.units as decimal(5, 0))) as hugeint) as flat_minor,
        cast(round(plans.cap * cast(currencies.units as decimal(5, 0))) as hugeint) as cap_minor,
        cast(date_trunc('month', timezone(planned.timezone, planned.ordered_at)) as date) as order_month,
        planned.ordered_at
        + to_hours(24 * least(coalesce(plans.lock_days, settings.lateness_days), 100000)) as locked_at
    from planned
    cross join settings
    inner join plans on planned.plan_id = plans.plan_id
    inner join currencies
        on coalesce(plans.currency, planned.campaign_currency, settings.reporting_currency) = currencies.currency
)

select * from final
