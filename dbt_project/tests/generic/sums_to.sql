{# Fails with each group whose sum of the column is not, to the last digit, the sum of a column of another model. #}
{% test sums_to(model, column_name, total_of, total_in, per, where='true') %}
    with groups as (
        select
            {{ per }},
            coalesce(sum({{ column_name }}) filter (where {{ where }}), 0) as summed
        from {{ model }}
        group by {{ per }}
    ),

    whole as (select coalesce(sum({{ total_of }}), 0) as total from {{ total_in }})

    select
        groups.*,
        whole.total
    from groups
    cross join whole
    where groups.summed != whole.total
{% endtest %}
