{# Money: integers inside, exact decimals in the marts, never a float. #}

{# Minor units of the reporting currency as an amount. #}
{% macro minor_to_decimal(minor) -%}
    cast({{ minor }} as decimal(33, 0)) * cast({{ '%.4f' % (10 ** -(var('reporting_digits') | int)) }} as decimal(5, 4))
{%- endmacro %}

{# numerator / denominator in whole numbers, rounded half-even; neither is negative. #}
{% macro divide_half_even(numerator, denominator) -%}
    ({{ numerator }}) // ({{ denominator }}) + case
        when 2 * (({{ numerator }}) % ({{ denominator }})) > ({{ denominator }}) then 1
        when 2 * (({{ numerator }}) % ({{ denominator }})) < ({{ denominator }}) then 0
        else (({{ numerator }}) // ({{ denominator }})) % 2
    end
{%- endmacro %}

{# A quotient, null where its base is 0 or unknown. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}
