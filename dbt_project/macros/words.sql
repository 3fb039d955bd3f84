{# The words of a text in small letters, with the signs that handles and codes are made of. #}
{% macro words_of(text) -%}
    regexp_extract_all(lower(nfc_normalize({{ text }})), '[\p{L}\p{N}@_]+(?:[.-][\p{L}\p{N}_]+)*')
{%- endmacro %}
