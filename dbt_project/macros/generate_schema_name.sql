{# A layer's schema is named as in dbt_project.yml; the marts stand in the file's main schema. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
