-- depends_on: {{ ref("stg_landing__loads") }} (the post-hook of an incremental build)
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='measure_id',
    on_schema_change='fail',
    post_hook="{{ drop_departed_measures() }}"
) }}

-- Only hiding happens here: every figure, with its interval, status and segment, comes as int_observations_measured made it, and which of them
-- must not be seen stands in int_cells_hidden. That may change for one measure because of another, so what local reporters sent is written anew.
select
    o.measure_id,
    o.area_code,
    o.period_start,
    o.period_end,
    o.period_months,
    o.period_label,
    o.sex,
    o.age_group,
    case when h.suppression is null then o.value end as value,
    case when h.suppression is null then o.numerator end as numerator,
    case when h.suppression is null then o.denominator end as denominator,
    case when h.suppression is null then o.ci_lower end as ci_lower,
    case when h.suppression is null then o.ci_upper end as ci_upper,
    case when h.suppression is null then o.ci_method else 'none' end as ci_method,  -- the method alone tells whether there were fewer than ten
    case when h.suppression is null then o.answers end as answers,
    case when h.suppression is null then o.since_date end as since_date,
    case when h.suppression is null then o.status else 'suppressed' end as status,
    h.suppression,
    case when h.suppression is null then o.source_status end as source_status,
    o.reporter,
    o.is_aggregated,
    case when h.suppression is null then o.parts_reported end as parts_reported,
    o.parts_expected,
    o.segment_id,
    o.snapshot_id,
    false as is_held,
    cast(null as varchar) as held_reason,
    cast(null as timestamp) as held_since,
    o.load_id
from {{ ref('int_observations_measured') }} as o
left join {{ ref('int_cells_hidden') }} as h
    on h.measure_id = o.measure_id
    and h.area_code = o.area_code
    and h.period_start = o.period_start
    and h.period_end = o.period_end
    and h.sex = o.sex
    and h.age_group = o.age_group
    and h.reporter = o.reporter
{{ only_changed_measures('o.load_id') }}
{%- if is_incremental() %}
or o.measure_id in (select measure_id from {{ ref('int_observations_measured') }} where reporter <> 'source')
{%- endif %}
