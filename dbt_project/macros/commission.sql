{# What a commission is reckoned with: an amount in another currency, a percentage's rounding, amounts as words. #}

{# Minor units of one currency in those of another, half-even, by what a minor unit of each is worth in reporting units;
   rates too long for one product of 128 bits go by way of the reporting currency. #}
{% macro exchanged(minor, reporting_minor, from, into) -%}
    case
        when
            cast({{ minor }} as double) * {{ from }}_worth * {{ into }}_worth_base < 1e37
            and cast({{ from }}_worth_base as double) * {{ into }}_worth < 1e37
            then {{ divide_half_even(
                minor ~ ' * ' ~ from ~ '_worth * ' ~ into ~ '_worth_base', from ~ '_worth_base * ' ~ into ~ '_worth'
            ) }}
        else {{ divide_half_even(reporting_minor ~ ' * ' ~ into ~ '_worth_base', into ~ '_worth') }}
    end
{%- endmacro %}

{# Minor units of parts, which are the hundredth of 10^-18 of one; halves go up. #}
{% macro percent_half_up(parts) -%}
    ({{ parts }} + cast(50000000000000000000 as hugeint)) // cast(100000000000000000000 as hugeint)
{%- endmacro %}

{# Minor units of any currency as an amount. #}
{% macro minor_to_amount(minor, units) -%}
    cast({{ minor }} * (10000 // {{ units }}) as decimal(33, 0)) * cast(0.0001 as decimal(5, 4))
{%- endmacro %}

{# 1234 minor units of USD as 12.34 USD; null stays null, none is negative. #}
{% macro minor_to_text(minor, units, currency) -%}
    case
        when {{ units }} = 1 then cast({{ minor }} as varchar)
        else cast({{ minor }} // {{ units }} as varchar)
            || '.'
            || lpad(cast({{ minor }} % {{ units }} as varchar), cast(log10({{ units }}) as integer), '0')
    end || ' ' || {{ currency }}
{%- endmacro %}

{# When a calendar month, given by its first day, is over in a time zone. #}
{% macro end_of_month(month, timezone) -%}
    timezone({{ timezone }}, cast({{ month }} + interval 1 month as timestamp))
{%- endmacro %}
