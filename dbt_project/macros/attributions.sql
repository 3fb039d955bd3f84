{#- The columns of attributions, of a table of the lake: of all there are, or of those that arrived. -#}
{% macro staged_attributions(table) -%}
with source as (select * from {{ source('lake', table) }}),

final as (
    select
        -- ids
        order_id,
        revision_key,
        visitor_id,
        winner_influencer_id,
        winner_campaign_id,
        winner_claim_id,
        reference_version,
        customer_id,
        -- texts
        cause,
        status,
        currency,
        flags,
        policy,
        winner_kind,
        digest,
        -- lists
        claims,
        credits,
        -- numbers
        subtotal_minor,
        refunded_minor,
        net_minor,
        subtotal_reporting_minor,
        net_reporting_minor,
        -- yes or no
        is_new_customer,
        is_cancelled,
        -- times
        computed_at,
        ordered_at
    from source
)

select * from final
{%- endmacro %}

{# Whether a claim was valid but for a suspicion, which only some settings act on. #}
{% macro stands_unless_suspected(claim) -%}
    ({{ claim }}.valid or {{ claim }}.reason in ('burst', 'injected'))
{%- endmacro %}
