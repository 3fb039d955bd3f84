{{ config(materialized='incremental', incremental_strategy='resplit_orders') }}

{% do ref('int_resplit_orders') %}
{%- set amounts = {
    'gross_minor': 'subtotal_minor',
    'amount_minor': 'net_minor',
    'gross_reporting_minor': 'subtotal_reporting_minor',
    'amount_reporting_minor': 'net_reporting_minor',
} -%}
with journeys as (
    select * from {{ ref('int_journeys') }}
    {{ where_moved('resplit_orders') }}
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
        shares.parts
    from claimants
    inner join orders using (order_id)
    inner join shares
        on
            orders.campaign_id = shares.campaign_id
            and orders.month = shares.month
            and claimants.touch.influencer_id = shares.influencer_id
),

totals as (
    select
        order_id,
        model,
        cast(sum(parts) as hugeint) as parts,
        count(*) as claimants
    from weighed
    group by order_id, model
),

totalled as (  -- who share nothing share alike
    select
        weighed.* exclude (parts),
        case when totals.parts = 0 then 1 else weighed.parts end as parts,
        case when totals.parts = 0 then totals.claimants else totals.parts end as all_parts
    from weighed
    inner join totals using (order_id, model)
),

floored as (
    select
        {% for credited in amounts %}
        {{ credited }} * cast(parts as hugeint) // all_parts as floor_{{ credited }},
        {% endfor %}
        *
    from totalled
),

left_over as materialized (  -- read three times
    select
        {% for credited in amounts %}
        {{ credited }} * cast(parts as hugeint) - floor_{{ credited }} * all_parts as remainder_{{ credited }},
        {% endfor %}
        *
    from floored
),

ranked as (  -- the units that the floors leave go to the largest remainders, of equal ones to the earlier touch
    select
        {% for credited in amounts %}
        any_value(part.{{ credited }}) - sum(other.floor_{{ credited }}) as left_{{ credited }},
        count(*) filter (
            where other.remainder_{{ credited }} > part.remainder_{{ credited }}
            or (other.remainder_{{ credited }} = part.remainder_{{ credited }} and other.place < part.place)
        ) as before_{{ credited }},
        {% endfor %}
        part.order_id,
        part.model,
        part.place
    from left_over as part
    inner join left_over as other using (order_id, model)
    group by part.order_id, part.model, part.place
),

split as (
    select
        left_over.order_id,
        {% for credited in amounts %}
        cast(
            left_over.floor_{{ credited }}
            + case when ranked.before_{{ credited }} < ranked.left_{{ credited }} then 1 else 0 end as bigint
        ) as {{ credited }},
        {% endfor %}
        left_over.model,
        left_over.touch,
        cast(left_over.parts as double) / cast(left_over.all_parts as double) as weight
    from left_over
    inner join ranked using (order_id, model, place)
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
