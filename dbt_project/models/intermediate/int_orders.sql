{{ config(materialized='incremental', incremental_strategy='changed_orders') }}

with orders as (select * from {{ ref('int_current_attributions') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

first_orders as (
    select arg_min(order_id, (ordered_at, order_id)) as order_id
    from orders
    where
        not coalesce(is_cancelled, false)
        {% if goes_on() %}
        and customer_id in (select changed.customer_id from orders as changed {{ where_moved('changed_orders') }})
        {% else %}
        and customer_id is not null
        {% endif %}
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
    {{ where_moved('changed_orders') }}
)

select * from final
