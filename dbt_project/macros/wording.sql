{#- A number as Swedish readers write it: decimal comma, no-break space between thousands, a true minus and none before nought. Only DuckDB's format() is used here. -#}
{% macro swedish_number(value, decimals) -%}
    translate(case coalesce({{ decimals }}, 1)
        {%- for n in range(8) %}
        when {{ n }} then format('{:,.{{ n }}f}', round({{ value }}, {{ n }}) + 0)
        {%- endfor %}
    end, ',.-', concat(chr(160), ',−'))
{%- endmacro %}

{#- A number as English readers write it: decimal point, comma between thousands, a true minus and none before nought. -#}
{% macro english_number(value, decimals) -%}
    translate(case coalesce({{ decimals }}, 1)
        {%- for n in range(8) %}
        when {{ n }} then format('{:,.{{ n }}f}', round({{ value }}, {{ n }}) + 0)
        {%- endfor %}
    end, '-', '−')
{%- endmacro %}
{% macro number_in(language, value, decimals) -%} {{ swedish_number(value, decimals) if language == 'sv' else english_number(value, decimals) }} {%- endmacro %}

{#- The unit as it stands after a number: «antal per 1 000 invånare» is said « per 1 000 invånare», «antal» nothing at all. -#}
{% macro unit_after_number(unit) -%}
    case
        when {{ unit }} = 'antal' then ''
        when {{ unit }} like 'antal %' then substr({{ unit }}, 6)
        else concat(' ', {{ unit }})
    end
{%- endmacro %}

{#- better or worse in the measure's direction; higher or lower where no direction is better. `sign` is 1 for higher, -1 for lower. -#}
{% macro in_direction(sign, direction, better='better', worse='worse', higher='higher', lower='lower') -%}
    case
        when {{ direction }} = 'neutral' then case when {{ sign }} > 0 then '{{ higher }}' else '{{ lower }}' end
        when ({{ direction }} = 'higher_is_better') = ({{ sign }} > 0) then '{{ better }}'
        else '{{ worse }}'
    end
{%- endmacro %}
