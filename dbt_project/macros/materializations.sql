{# How a table and a view are made: at once in their place. dbt-duckdb makes them beside it and renames, so that readers
   never miss them; a build has no readers, for it writes a private file that replaces the last one when all of it
   succeeded. Two statements less for each model are a quarter of a small build. #}

{% materialization table, adapter="duckdb", supported_languages=['sql', 'python'] %}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {{ drop_relation_if_exists(load_cached_relation(this)) }}
    {% call statement('main', language=model['language']) -%}
        {{- create_table_as(False, target, compiled_code, model['language']) -}}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% materialization view, adapter="duckdb" %}
    {%- set target = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks) }}
    {{ drop_relation_if_exists(load_cached_relation(this)) }}
    {% call statement('main') -%}
        {{- get_create_view_as_sql(target, sql) -}}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# An incremental table has the columns that it had: a build goes on from what the same project made. Its strategy says
   which rows are forgotten, once the new ones are known. #}
{% materialization incremental, adapter="duckdb" %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set new = this.identifier ~ '__new' -%}
    {{ run_hooks(pre_hooks) }}
    {%- if not is_incremental() -%}
        {{ drop_relation_if_exists(load_cached_relation(this)) }}
    {%- endif -%}
    {% call statement('main') -%}
        {%- if is_incremental() -%}
            create or replace temporary table {{ new }} as ({{ sql }});
            delete from {{ target }}
            where {{ moved(config.get('incremental_strategy')) }};
            insert into {{ target }} by name (from {{ new }});
            drop table {{ new }}
        {%- else -%}
            {{- get_create_table_as_sql(False, target, sql) -}}
        {%- endif -%}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
