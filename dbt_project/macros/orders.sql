{#- The events of orders, each once: of all there are, or of those that changed. The restriction stands before the window,
   where no optimizer moves it. -#}
{% macro staged_orders(restriction='') -%}
with source as (
    select * from {{ source('lake', 'orders') }}
    {{ restriction }}
),

counted as (  -- an event counts once, as its first message
    select * from source
    qualify row_number() over (partition by event_id, order_id order by partition, "offset") = 1
),

final as (
    select
        -- ids
        event_id,
        order_id,
        customer_id,
        visitor_id,
        -- texts
        kind,
        currency,
        codes,
        normalised_codes,
        refund_amount,
        survey_answer,
        -- numbers
        shard,
        subtotal_minor,
        discount_minor,
        shipping_minor,
        tax_minor,
        -- yes or no
        is_new_customer,
        consent,
        -- times
        ingested_at,
        day,
        occurred_at,
        -- the message
        topic,
        partition,
        "offset"
    from counted
)

select * from final
{%- endmacro %}

{% macro events_of_changed_orders() -%}
    {% if goes_on() -%} ({{ staged_orders(where_moved('changed_orders')) }})
    {%- else -%} {{ ref('stg_orders') }}
    {%- endif %}
{%- endmacro %}
