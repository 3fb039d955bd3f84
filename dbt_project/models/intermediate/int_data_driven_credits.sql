{{ config(materialized='incremental', incremental_strategy='resplit_orders', on_schema_change='fail') }}

{% do ref('int_resplit_orders') %}
{%- set amounts = {
    'gross_minor': 'subtotal_minor',
    'amount_minor': 'net_minor',
    'gross_reporting_minor': 'subtotal_reporting_minor',
    'amount_reporting_minor': 'net_reporting_minor',
} -%}
with journeys as (
    select * from {{ ref('int_journeys') }}
    {{ of_resplit_orders() }}
),

attributions as (select * from {{ ref('int_current_attributions') }}),

shares as (select * from {{ ref('int_model_shares') }}),

orders as (
    select
        journeys.order_id,
        journeys.campaign_id,
        journeys.month,
        journeys.touches,
        {% for credited, ordered in amounts.items() %}
        attributions.{{ ordered }} as {{ credited }},
        {% endfor %}
        list_unique(journeys.influencers) as influencer_count
    from journeys
    inner join attributions using (order_id)
),

whole as (  -- nothing to split
    select
        order_id,
        {% for credited in amounts %}
        {{ credited }},
        {% endfor %}
        touches[1] as touch,
        1.0 as weight,
        unnest(['markov', 'shapley']) as model
    from orders
    where influencer_count = 1
),

placed as (
    select
        order_id,
        unnest(touches) as touch,
        unnest(range(len(touches))) as place
    from orders
    where influencer_count > 1
),

claimants as (  -- each influencer of an order at its earliest touch
    select
        order_id,
        arg_min(touch, place) as touch,
        min(place) as place
    from placed
    group by order_id, touch.influencer_id
),

weighed as (
    select
        orders.order_id,
        shares.model,
        claimants.touch,
        claimants.place,
        {% for credited in amounts %}
        orders.{{ credited }},
        {% endfor %}
        case when sum(shares.parts) over model_of_order = 0 then 1 else shares.parts end as parts
    from claimants
    inner join orders using (order_id)
    inner join shares
        on
            orders.campaign_id = shares.campaign_id
            and orders.month = shares.month
            and claimants.touch.influencer_id = shares.influencer_id
    window model_of_order as (partition by orders.order_id, shares.model)
),

totalled as (
    select
        *,
        sum(parts) over (partition by order_id, model) as all_parts
    from weighed
),

floored as (
    select
        {% for credited in amounts %}
        {{ credited }} * cast(parts as hugeint) // all_parts as floor_{{ credited }},
        {{ credited }} * cast(parts as hugeint) % all_parts as remainder_{{ credited }},
        {% endfor %}
        *
    from totalled
),

ranked as (  -- the units that the floors leave go to the largest remainders, of equal ones to the earlier touch
    select
        {% for credited in amounts %}
        {{ credited }} - sum(floor_{{ credited }}) over model_of_order as left_{{ credited }},
        row_number() over (
            partition by order_id, model order by remainder_{{ credited }} desc, place
        ) as rank_{{ credited }},
        {% endfor %}
        *
    from floored
    window model_of_order as (partition by order_id, model)
),

split as (
    select
        order_id,
        {% for credited in amounts %}
        cast(
            floor_{{ credited }} + case when rank_{{ credited }} <= left_{{ credited }} then 1 else 0 end as bigint
        ) as {{ credited }},
        {% endfor %}
        model,
        touch,
        cast(parts as double) / cast(all_parts as double) as weight
    from ranked
),

credits as (
    select * from whole
    union all by name
    select * from split
),

final as (
    select
        order_id,
        model,
        touch.kind,
        touch.claim_id,
        touch.influencer_id,
        touch.campaign_id,
        gross_minor,
        amount_minor,
        gross_reporting_minor,
        amount_reporting_minor,
        cast(weight as double) as weight
    from credits
)

select * from final
