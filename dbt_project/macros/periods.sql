{#- A year of a rolling measure is the window that ends in it: 2024 with three years is 2022-01-01 to 2024-12-31. -#}
{% macro year_start(year, window_years) -%} make_date({{ year }} - {{ window_years }} + 1, 1, 1) {%- endmacro %}
{% macro year_end(year) -%} make_date({{ year }}, 12, 31) {%- endmacro %}
{% macro year_label(year, window_years) -%}
    case when {{ window_years }} = 1 then cast({{ year }} as varchar)
    else concat(cast({{ year }} - {{ window_years }} + 1 as varchar), '–', cast({{ year }} as varchar)) end
{%- endmacro %}

{#- Whole months from a period's first day to its last: 1 for a month, 12 for a year, 36 for three years. -#}
{% macro period_months(start, end) -%}
    ((year({{ end }}) - year({{ start }})) * 12 + month({{ end }}) - month({{ start }}) + 1)
{%- endmacro %}

{#- The length of a measure's own periods, in months: 1 for months, 3 for quarters, 12 for years, 36 for years that are windows of three. -#}
{% macro own_months(measure) -%}
    case {{ measure }}.frequency when 'month' then 1 when 'quarter' then 3 when 'half_year' then 6 else 12 * coalesce({{ measure }}.window_years, 1) end
{%- endmacro %}

{#- Twelve months as they are shown: 2025 for a calendar year, else 2024-11–2025-10. -#}
{% macro twelve_months_label(start, end) -%}
    case when month({{ start }}) = 1 then cast(year({{ end }}) as varchar)
    else concat({{ month_label(start) }}, '–', {{ month_label(end) }}) end
{%- endmacro %}
{% macro month_label(day) -%} concat(cast(year({{ day }}) as varchar), '-', lpad(cast(month({{ day }}) as varchar), 2, '0')) {%- endmacro %}

{#- Whether a period that ends on this day belongs to a segment: it does where it ends. -#}
{% macro lies_in_segment(period_end, segment) -%}
    ({{ segment }}.starts is null or {{ period_end }} >= {{ segment }}.starts)
    and ({{ segment }}.ends_before is null or {{ period_end }} < {{ segment }}.ends_before)
{%- endmacro %}
