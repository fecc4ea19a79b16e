{#- In an incremental build: only measures whose load is not in the table yet. The first build and a full refresh take all. -#}
{% macro only_changed_measures(load_id) -%}
    {%- if is_incremental() %}
where {{ load_id }} not in (select load_id from {{ this }})
    {%- endif %}
{%- endmacro %}

{#- After an incremental build: a measure that left the catalogue or the landing leaves the table. -#}
{% macro drop_departed_measures() -%}
    {%- if is_incremental() -%}
delete from {{ this }} where load_id not in (select load_id from {{ ref('stg_landing__loads') }})
    {%- endif -%}
{%- endmacro %}
