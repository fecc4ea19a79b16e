-- depends_on: {{ ref("stg_landing__loads") }} (the post-hook of an incremental build)
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='measure_id',
    on_schema_change='fail',
    post_hook="{{ drop_departed_measures() }}"
) }}

with described as (
    select
        o.*,
        m.age_group,
        {{ is_small_count('o.value', 'o.reporter', 'm.value_type', 'm.suppression_threshold') }} as is_small
    from {{ ref('int_observations_unioned') }} as o
    join {{ ref('stg_catalogue__measures') }} as m on m.measure_id = o.measure_id
)

select
    measure_id,
    area_code,
    period_start,
    period_end,
    period_label,
    sex,
    age_group,
    case when not is_small then value end as value,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    cast(null as double) as ci_lower,
    cast(null as double) as ci_upper,
    case when is_small then 'suppressed' else status end as status,
    case when is_small or (status = 'suppressed' and reporter <> 'source') then 'primary' end as suppression,
    source_status,
    reporter,
    measure_id as segment_id,
    snapshot_id,
    false as is_held,
    cast(null as varchar) as held_reason,
    cast(null as timestamp) as held_since,
    load_id
from described
{{ only_changed_measures('load_id') }}
