{{ config(materialized='incremental', incremental_strategy='recounted_days') }}

{% do ref('int_recounted_days') %}
with credits as (
    select * from {{ ref('int_credits') }}
    {{ where_moved('recounted_days') }}
),

final as (
    select
        influencer_id,
        campaign_id,
        day,
        model,
        fsum(weight) as orders,
        fsum(weight) filter (where is_new_customer) as new_customer_orders,
        fsum(weight) filter (where not is_new_customer) as returning_customer_orders,
        fsum(weight) filter (where is_provisional) as provisional_orders,
        sum(amount_reporting_minor) filter (where is_provisional) as provisional_net_minor,
        sum(gross_reporting_minor) as gross_minor,
        sum(amount_reporting_minor) as net_minor,
        bool_or(amount_reporting_minor is null) as is_unpriced_order,
        bool_or(is_provisional) as is_provisional
    from credits
    where influencer_id is not null
    group by influencer_id, campaign_id, day, model
)

select * from final
