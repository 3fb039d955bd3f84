{# A setting as the newest version of the reference data has it, by its name and what it is where none says. #}
{% macro newest_setting(name, otherwise) -%}
    coalesce(
        json_extract_string(arg_max(settings, (recorded_at, reference_version)), '$.{{ name }}'), '{{ otherwise }}'
    )
{%- endmacro %}
