{{ config(materialized='incremental', incremental_strategy='recounted_lines') }}

{% do ref('int_recounted_lines') %}
with worths as (
    select * from {{ ref('int_commission_worths') }}
    {{ where_moved('recounted_lines') }}
),

former as (
    select
        order_id,
        influencer_id,
        campaign_id,
        step + 1 as step,
        base_minor,
        worth_minor,
        worth_reporting_minor
    from worths
    where not is_latest
),

changed as (
    select
        worths.*,
        former.base_minor as base_before_minor,
        worths.worth_minor - case when worths.step = 1 then 0 else former.worth_minor end as amount_minor,
        worths.worth_reporting_minor
        - case when worths.step = 1 then 0 else former.worth_reporting_minor end as reporting_minor
    from worths
    left join former using (order_id, influencer_id, campaign_id, step)
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
        {{ end_of_month('together.order_month', 'together.timezone') }} as month_ends_at,
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
