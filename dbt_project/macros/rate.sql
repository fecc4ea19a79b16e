{#- A rate from counts: numerator / denominator × per. Dividing by zero gives infinity in DuckDB, so a zero is no denominator. -#}
{% macro rate(numerator, denominator, per) -%} {{ numerator }} / nullif({{ denominator }}, 0) * {{ per }} {%- endmacro %}
