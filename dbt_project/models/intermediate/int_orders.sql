{{ config(materialized='incremental', incremental_strategy='changed_orders') }}

with orders as (
    select * from {{ ref('int_current_attributions') }}
    {{ where_moved('changed_orders') }}
),

standing as (
    select
        order_id,
        customer_id,
        ordered_at
    from {{ ref('int_current_attributions') }}
    where
        not coalesce(is_cancelled, false)
        and {% if goes_on() %}customer_id in (select orders.customer_id from orders){% else %}customer_id is not null{% endif %}
),

settings as (select * from {{ ref('stg_run_settings') }}),

first_orders as (
    select arg_min(order_id, (ordered_at, order_id)) as order_id
    from standing
    group by customer_id
),

final as (
    select
        orders.order_id,
        orders.revision_key,
        orders.ordered_at,
        orders.visitor_id,
        orders.customer_id,
        orders.currency,
        orders.subtotal_minor,
        orders.refunded_minor,
        orders.net_minor,
        orders.subtotal_reporting_minor,
        orders.net_reporting_minor,
        orders.flags,
        orders.policy,
        orders.winner_influencer_id,
        orders.winner_campaign_id,
        orders.winner_kind,
        orders.winner_claim_id,
        orders.computed_at,
        orders.reference_version,
        coalesce(orders.is_cancelled, false) as is_cancelled,
        coalesce(
            orders.is_new_customer,
            case  -- before history_from an earlier order may be missing
                when orders.customer_id is not null and orders.ordered_at >= settings.history_from
                    then first_orders.order_id is not null
            end
        ) as is_new_customer,
        case
            when orders.ordered_at + to_hours(24 * settings.lateness_days) <= settings.watermark then 'settled'
            else 'provisional'
        end as status
    from orders
    cross join settings
    left join first_orders using (order_id)
)

select * from final
