{#- Counts of few people in a file from the region or the municipalities: the figure itself where it is a count, what it was computed from, or how
    many answered. National sources have protected their figures already. -#}
{% macro is_small_count(row, measure) -%}
    {%- set counts = ["case when " ~ measure ~ ".value_type = 'count' then " ~ row ~ ".value end", row ~ ".numerator", row ~ ".denominator", row ~ ".answers"] -%}
    coalesce({{ row }}.reporter <> 'source' and (
    {%- for count in counts %}
        ({{ count }} >= 1 and {{ count }} < {{ measure }}.suppression_threshold){{ " or" if not loop.last }}
    {%- endfor %}
    ), false)
{%- endmacro %}
