{#- Sums of figures. Only counts are added: a count's own value, or the numerator and denominator of a share or rate. `row` has status, value,
    numerator and denominator; `measure` has value_type, per and is_annualised. A place or month with nothing to measure (not_applicable) adds nothing
    and leaves nothing out. -#}
{% macro is_counted(row, measure) -%}
    ({{ row }}.status = 'not_applicable' or ({{ row }}.status in ('ok', 'preliminary') and (
        {{ measure }}.value_type = 'count' or ({{ row }}.numerator is not null and {{ row }}.denominator is not null)
    )))
{%- endmacro %}

{#- The value that summed counts give. -#}
{% macro summed_value(value, numerator, denominator, measure, start, end) -%}
    case when {{ measure }}.value_type = 'count' then {{ value }}
    else {{ rate(numerator, denominator, measure ~ '.per') }} * {{ annual_factor(measure ~ '.is_annualised', start, end) }} end
{%- endmacro %}
