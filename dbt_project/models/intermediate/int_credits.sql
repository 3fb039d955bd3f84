{{ config(materialized='incremental', incremental_strategy='changed_credits') }}

{% do ref('int_resplit_orders') %}
{%- set amounts = {
    'gross_minor': 'subtotal_minor',
    'amount_minor': 'net_minor',
    'gross_reporting_minor': 'subtotal_reporting_minor',
    'amount_reporting_minor': 'net_reporting_minor',
} -%}
{%- set of_order = ['order_id', 'ordered_at', 'currency', 'is_new_customer', 'is_provisional'] -%}
with orders as (
    select
        *,
        status = 'provisional' as is_provisional
    from {{ ref('int_orders') }}
),

attributions as (select * from {{ ref('stg_arrived_attributions') }}),

data_driven as (
    select * from {{ ref('int_data_driven_credits') }}
    {{ where_moved('resplit_orders') }}
),

models as (select * from {{ ref('int_models') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

listed as (
    select
        order_id,
        revision_key,
        credits,
        [c.model for c in credits] as models
    from attributions
),

attributed as (
    select
        orders.*,
        listed.credits,
        listed.models
    from orders
    inner join listed using (order_id, revision_key)
),

touched as (
    select
        {{ of_order | join(', ') }},
        unnest(credits) as credit
    from attributed
),

left_over as (
    select
        attributed.*,
        models.model
    from attributed
    inner join models on not coalesce(list_contains(attributed.models, models.model), false)
),

shares as (
    select
        {{ of_order | join(', ') }},
        credit.model,
        credit.kind,
        credit.claim_id,
        credit.influencer_id,
        credit.campaign_id,
        {% for credited in amounts %}
        credit.{{ credited }},
        {% endfor %}
        credit.weight
    from touched
    union all by name
    select
        orders.{{ of_order | join(', orders.') }},
        data_driven.model,
        data_driven.kind,
        data_driven.claim_id,
        data_driven.influencer_id,
        data_driven.campaign_id,
        {% for credited in amounts %}
        data_driven.{{ credited }},
        {% endfor %}
        data_driven.weight
    from data_driven
    inner join orders using (order_id)
    union all by name
    select  -- what a model credits to nobody
        left_over.{{ of_order | join(', left_over.') }},
        left_over.model,
        {% for credited, ordered in amounts.items() %}
        left_over.{{ ordered }} as {{ credited }},
        {% endfor %}
        1.0 as weight
    from left_over
    anti join data_driven on left_over.order_id = data_driven.order_id and left_over.model = data_driven.model
    {% if goes_on() %}
    union all by name
    select  -- of an order that changed without a new revision, who is credited stays
        orders.{{ of_order | join(', orders.') }},
        credits.model,
        credits.kind,
        credits.claim_id,
        credits.influencer_id,
        credits.campaign_id,
        {% for credited in amounts %}
        credits.{{ credited }},
        {% endfor %}
        credits.weight
    from {{ this }} as credits
    inner join orders using (order_id)
    where
        {{ moved('changed_orders') }}
        and not {{ moved('arrived_orders') }}
        and (credits.model not in ('markov', 'shapley') or credits.claim_id is null)
    {% endif %}
),

final as (
    select
        shares.order_id,
        shares.model,
        shares.kind,
        shares.claim_id,
        shares.influencer_id,
        shares.campaign_id,
        shares.gross_minor,
        shares.amount_minor,
        shares.gross_reporting_minor,
        shares.amount_reporting_minor,
        shares.ordered_at,
        shares.currency,
        shares.is_new_customer,
        shares.is_provisional,
        cast(shares.weight as double) as weight,
        cast(timezone(coalesce(campaigns.timezone, 'UTC'), shares.ordered_at) as date) as day
    from shares
    left join campaigns using (campaign_id)
)

select * from final
