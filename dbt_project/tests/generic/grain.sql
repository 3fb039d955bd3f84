{# Fails with each key that several rows share (a null is a value of its own), and with the rows in which what must be
   given is null, and names which; no columns: one row in all. Each test costs dbt the same, so a model has one. #}
{% test grain(model, columns, given=[]) %}
    with shared as (
        select {{ (columns + ['count(*) as rows_of_key']) | join(', ') }}
        from {{ model }}
        group by all
        having count(*) > 1
    )
    {%- if given %},

    incomplete as (
        select
            {%- for column in columns %}
            {{ column }},
            {%- endfor %}
            concat_ws(
                ', '
                {%- for column in given %},
                case when {{ column }} is null then '{{ column }}' end
                {%- endfor %}
            ) as null_columns
        from {{ model }}
        where {{ given | join(' is null or ') }} is null
    )
    {%- endif %}

    select * from shared
    {%- if given %}
    union all by name
    select * from incomplete
    {%- endif %}
{% endtest %}
