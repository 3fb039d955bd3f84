{# Fails with the rows in which a column is null, and names which; one test for a model costs what one for a column does. #}
{% test no_nulls(model, columns) %}
    select
        concat_ws(
            ', '
            {%- for column in columns %},
            case when {{ column }} is null then '{{ column }}' end
            {%- endfor %}
        ) as null_columns,
        *
    from {{ model }}
    where {{ columns | join(' is null or ') }} is null
{% endtest %}
