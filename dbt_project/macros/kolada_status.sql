{#- Kolada tells why a value is null in a free text. No list of its words is published, so a word that means protection is read as
    suppressed and every other null as missing; the text itself is kept in source_status. -#}
{% macro kolada_status(value, status) -%}
    case
        when {{ value }} is not null then 'ok'
        when lower({{ status }}) like '%priva%' or lower({{ status }}) like '%sekretess%' or lower({{ status }}) like '%suppress%' then 'suppressed'
        else 'missing'
    end
{%- endmacro %}
