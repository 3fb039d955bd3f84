{# What an incremental build makes anew: `build` writes into the schema lake which orders and visitors those are. #}

{# Whether the last build's rows are there; in a unit test there is no table. #}
{% macro goes_on() -%}
    {{ return(this is not none and is_incremental()) }}
{%- endmacro %}

{# Of a model with one of the strategies below: the rows that it makes anew; in a full build all. #}
{% macro of_arrived_orders() -%}
    {% if goes_on() %}where order_id in (select order_id from lake.arrived_orders){% endif %}
{%- endmacro %}

{% macro of_changed_orders() -%}
    {% if goes_on() %}where order_id in (select order_id from lake.changed_orders){% endif %}
{%- endmacro %}

{% macro of_changed_uses() -%}
    {% if goes_on() %}where order_id in (select order_id from lake.changed_uses){% endif %}
{%- endmacro %}

{% macro of_changed_visitors() -%}
    {% if goes_on() %}where visitor_id in (select visitor_id from lake.changed_visitors){% endif %}
{%- endmacro %}

{% macro of_resplit_orders() -%}
    {% if goes_on() %}where order_id in (select order_id from intermediate.int_resplit_orders){% endif %}
{%- endmacro %}

{# Of an order that did not change, the data-driven models alone may credit others. #}
{% macro changed_credits() -%}
    (
        order_id in (select order_id from lake.changed_orders)
        or (
            model in ('markov', 'shapley')
            and order_id in (select order_id from intermediate.int_resplit_orders)
        )
    )
{%- endmacro %}

{# Of the ledger and of what was earned: what one changed order moves is the sum that it stands in. #}
{% macro of_recounted_months(month) -%}
    {% if goes_on() %}where {{ recounted_months(month) }}{% endif %}
{%- endmacro %}

{% macro recounted_months(month) -%}
    (influencer_id, campaign_id, {{ month }}) in (
        select (influencer_id, campaign_id, month) from intermediate.int_recounted_months
    )
{%- endmacro %}

{% macro of_recounted_days() -%}
    {% if goes_on() %}where {{ recounted_days() }}{% endif %}
{%- endmacro %}

{% macro recounted_days() -%}
    (influencer_id, campaign_id, day, model) in (
        select (influencer_id, campaign_id, day, model) from intermediate.int_recounted_days
    )
{%- endmacro %}

{# Of counts that clicks add to: who came since the last build, and in whose place; in a full build everybody came. #}
{% macro came_and_went() -%}
    {% if goes_on() -%} select * from lake.click_changes
    {%- else -%} select *, 1 as change from {{ ref('stg_resolved_clicks') }}
    {%- endif %}
{%- endmacro %}

{# To be added to the CTE counted: what stood in its rows. #}
{% macro counted_before() -%}
    {% if goes_on() -%}
        union all by name
        select * from {{ this }} semi join counted using (campaign_id, influencer_id, link_id, day)
    {%- endif %}
{%- endmacro %}

{# The strategies: what is made anew is forgotten, also where nothing comes in its place. #}
{% macro get_incremental_arrived_orders_sql(arguments) -%}
    {{ replaced_rows(arguments, 'order_id in (select order_id from lake.arrived_orders)') }}
{%- endmacro %}

{% macro get_incremental_changed_orders_sql(arguments) -%}
    {{ replaced_rows(arguments, 'order_id in (select order_id from lake.changed_orders)') }}
{%- endmacro %}

{% macro get_incremental_changed_uses_sql(arguments) -%}
    {{ replaced_rows(arguments, 'order_id in (select order_id from lake.changed_uses)') }}
{%- endmacro %}

{% macro get_incremental_changed_visitors_sql(arguments) -%}
    {{ replaced_rows(arguments, 'visitor_id in (select visitor_id from lake.changed_visitors)') }}
{%- endmacro %}

{% macro get_incremental_resplit_orders_sql(arguments) -%}
    {{ replaced_rows(arguments, 'order_id in (select order_id from intermediate.int_resplit_orders)') }}
{%- endmacro %}

{% macro get_incremental_changed_credits_sql(arguments) -%}
    {{ replaced_rows(arguments, changed_credits()) }}
{%- endmacro %}

{% macro get_incremental_recounted_order_months_sql(arguments) -%}
    {{ replaced_rows(arguments, recounted_months('order_month')) }}
{%- endmacro %}

{% macro get_incremental_recounted_months_sql(arguments) -%}
    {{ replaced_rows(arguments, recounted_months('month')) }}
{%- endmacro %}

{% macro get_incremental_recounted_days_sql(arguments) -%}
    {{ replaced_rows(arguments, recounted_days()) }}
{%- endmacro %}

{% macro get_incremental_counted_link_days_sql(arguments) -%}
    {{ replaced_rows(
        arguments,
        '(campaign_id, influencer_id, link_id, day) in (select (campaign_id, influencer_id, link_id, day) from '
        ~ arguments['temp_relation'] ~ ')'
    ) }};
    delete from {{ arguments['target_relation'] }} where clicks = 0
{%- endmacro %}

{% macro replaced_rows(arguments, forgotten) -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    delete from {{ arguments['target_relation'] }} where {{ forgotten }};
    insert into {{ arguments['target_relation'] }} ({{ columns }})
    (select {{ columns }} from {{ arguments['temp_relation'] }})
{%- endmacro %}
