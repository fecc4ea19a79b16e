{#- Figures of a cube: the connector has given every source the same columns; only the area is still the source's code. -#}
{% macro stage_cells(source_name) -%}
select
    measure_id,
    snapshot_id,
    area as scb_code,
    period_start,
    period_end,
    period_label,
    sex,
    age_group,
    value,
    numerator,
    denominator,
    ci_lower,
    ci_upper,
    answers,
    status,
    source_status
from {{ source(source_name, 'observations') }}
{%- endmacro %}
