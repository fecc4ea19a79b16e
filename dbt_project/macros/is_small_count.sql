{#- A count of few people in a file from the region or the municipalities. National sources have protected their figures already. -#}
{% macro is_small_count(value, reporter, value_type, threshold) -%}
    coalesce({{ reporter }} <> 'source' and {{ value_type }} = 'count' and {{ value }} >= 1 and {{ value }} < {{ threshold }}, false)
{%- endmacro %}
