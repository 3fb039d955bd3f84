{# What an incremental build makes anew: `build` writes into the schema lake which orders and visitors those are. #}

{# Whether the last build's rows are there; in a unit test there is no table. #}
{% macro goes_on() -%}
    {{ return(this is not none and is_incremental()) }}
{%- endmacro %}

{# Which rows of a table are made anew, by the incremental_strategy of the model that makes them: its table forgets them,
   also where nothing comes in their place. #}
{% macro moved(strategy) -%}
    {%- set conditions = {
        'added': 'false',
        'all': 'true',
        'arrived_orders': 'order_id in (select order_id from lake.arrived_orders)',
        'changed_orders': 'order_id in (select order_id from lake.changed_orders)',
        'changed_uses': 'order_id in (select order_id from lake.changed_uses)',
        'changed_visitors': 'visitor_id in (select visitor_id from lake.changed_visitors)',
        'resplit_orders': 'order_id in (select order_id from intermediate.int_resplit_orders)',
        'recounted_lines': among('order_id, influencer_id, campaign_id', 'intermediate.int_recounted_lines'),
        'recounted_days': among('influencer_id, campaign_id, day, model', 'intermediate.int_recounted_days'),
        'recounted_link_days': among('campaign_id, influencer_id, link_id, day', 'lake.click_changes'),
        'recounted_posts': 'post_id in (select post_id from intermediate.int_post_links '
            ~ 'where link_id in (select link_id from lake.click_changes))',
    } -%}
    {%- if strategy == 'changed_credits' -%}
        {#- Of an order that did not change, the data-driven models alone may credit others. -#}
        ({{ moved('changed_orders') }} or (model in ('markov', 'shapley') and {{ moved('resplit_orders') }}))
    {%- else -%}
        {{ conditions[strategy] }}
    {%- endif -%}
{%- endmacro %}

{% macro among(columns, table) -%}
    ({{ columns }}) in (select ({{ columns }}) from {{ table }})
{%- endmacro %}

{# The same of what a model reads; in a full build all. #}
{% macro where_moved(strategy) -%}
    {% if goes_on() %}where {{ moved(strategy) }}{% endif %}
{%- endmacro %}

{# Of a model that makes changed visitors anew: their clicks. #}
{% macro clicks_of_changed_visitors() -%}
    {% if goes_on() %}{{ source('lake', 'clicks_of_changed_visitors') }}
    {%- else %}{{ ref('stg_resolved_clicks') }}
    {%- endif %}
{%- endmacro %}

{# Of counts that clicks add to: who came since the last build, and in whose place; in a full build everybody came. #}
{% macro came_and_went() -%}
    {% if goes_on() -%} select * from lake.click_changes
    {%- else -%} select *, 1 as change from {{ ref('stg_resolved_clicks') }}
    {%- endif %}
{%- endmacro %}

{# To be added to them: what was counted before of what clicks have moved. #}
{% macro counted_before(strategy) -%}
    {% if goes_on() -%}
        union all by name
        select * from {{ this }} where {{ moved(strategy) }}
    {%- endif %}
{%- endmacro %}
