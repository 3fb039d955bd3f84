{# Fails with the rows in which one of the columns is null; one test for a model costs what one for a column does. #}
{% test no_nulls(model, columns) %}
    select *
    from {{ model }}
    where {{ columns | join(' is null or ') }} is null
{% endtest %}
