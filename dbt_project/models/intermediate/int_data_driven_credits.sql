{%- set amounts = {
    'gross_minor': 'subtotal_minor',
    'amount_minor': 'net_minor',
    'gross_reporting_minor': 'subtotal_reporting_minor',
    'amount_reporting_minor': 'net_reporting_minor',
} -%}
with journeys as (select * from {{ ref('int_journeys') }}),

attributions as (select * from {{ ref('int_current_attributions') }}),

shares as (select * from {{ ref('int_model_shares') }}),

touches as (
    select
        order_id,
        campaign_id,
        month,
        unnest(touches) as touch
    from journeys
),

claimants as (  -- each influencer of an order at its earliest touch
    select
        order_id,
        campaign_id,
        month,
        min(touch) as touch
    from touches
    group by order_id, campaign_id, month, touch.influencer_id
),

weighed as (
    select
        claimants.order_id,
        claimants.touch,
        shares.model,
        {% for credited, ordered in amounts.items() %}
        attributions.{{ ordered }} as ordered_{{ credited }},
        {% endfor %}
        case when sum(shares.parts) over model_of_order = 0 then 1 else shares.parts end as parts
    from claimants
    inner join attributions using (order_id)
    inner join shares
        on
            claimants.campaign_id = shares.campaign_id
            and claimants.month = shares.month
            and claimants.touch.influencer_id = shares.influencer_id
    window model_of_order as (partition by claimants.order_id, shares.model)
),

totalled as (
    select
        *,
        sum(parts) over (partition by order_id, model) as whole
    from weighed
),

floored as (
    select
        {% for credited in amounts %}
        ordered_{{ credited }} * cast(parts as hugeint) // whole as floor_{{ credited }},
        ordered_{{ credited }} * cast(parts as hugeint) % whole as remainder_{{ credited }},
        {% endfor %}
        *
    from totalled
),

ranked as (
    select
        {% for credited in amounts %}
        ordered_{{ credited }} - sum(floor_{{ credited }}) over model_of_order as left_{{ credited }},
        row_number() over (
            partition by order_id, model order by remainder_{{ credited }} desc, touch
        ) as rank_{{ credited }},
        {% endfor %}
        *
    from floored
    window model_of_order as (partition by order_id, model)
),

final as (
    select
        order_id,
        model,
        touch.kind,
        touch.claim_id,
        touch.influencer_id,
        touch.campaign_id,
        {% for credited in amounts %}
        cast(
            floor_{{ credited }} + case when rank_{{ credited }} <= left_{{ credited }} then 1 else 0 end as bigint
        ) as {{ credited }},
        {% endfor %}
        cast(parts as double) / cast(whole as double) as weight
    from ranked
)

select * from final
