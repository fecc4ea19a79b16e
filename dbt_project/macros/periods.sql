{#- A year of a rolling measure is the window that ends in it: 2024 with three years is 2022-01-01 to 2024-12-31. -#}
{% macro year_start(year, window_years) -%} make_date({{ year }} - {{ window_years }} + 1, 1, 1) {%- endmacro %}
{% macro year_end(year) -%} make_date({{ year }}, 12, 31) {%- endmacro %}
{% macro year_label(year, window_years) -%}
    case when {{ window_years }} = 1 then cast({{ year }} as varchar)
    else concat(cast({{ year }} - {{ window_years }} + 1 as varchar), '–', cast({{ year }} as varchar)) end
{%- endmacro %}
