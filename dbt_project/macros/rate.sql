{#- A rate from counts: numerator / denominator × per. Dividing by zero gives infinity in DuckDB, so a zero is no denominator. -#}
{% macro rate(numerator, denominator, per) -%} {{ numerator }} / nullif({{ denominator }}, 0) * {{ per }} {%- endmacro %}

{#- What a period's rate is multiplied by: 12 for a month, 1 for a year, where the measure gives its rates per year; 1 where it gives them per period. -#}
{% macro annual_factor(is_annualised, start, end) -%}
    case when {{ is_annualised }} then 12.0 / {{ period_months(start, end) }} else 1.0 end
{%- endmacro %}
