-- depends_on: {{ ref("stg_landing__loads") }} (the post-hook of an incremental build)
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='measure_id',
    on_schema_change='fail',
    post_hook="{{ drop_departed_measures() }}"
) }}

with observed as (
    select
        o.measure_id,
        o.area_code,
        o.period_start,
        o.period_end,
        o.period_label,
        o.sex,
        o.age_group,
        o.value,
        o.numerator,
        o.denominator,
        o.ci_lower,
        o.ci_upper,
        o.answers,
        o.status,
        o.source_status,
        o.reporter,
        o.snapshot_id,
        {{ is_small_count('o', 'm') }} as is_small,
        o.load_id
    from {{ ref('int_observations_unioned') }} as o
    join {{ ref('stg_catalogue__measures') }} as m on m.measure_id = o.measure_id
    {{ only_changed_measures('o.load_id') }}
    union all
    select
        measure_id,
        area_code,
        period_start,
        period_end,
        period_label,
        sex,
        age_group,
        value,
        numerator,
        denominator,
        cast(null as double) as ci_lower,
        cast(null as double) as ci_upper,
        cast(null as double) as answers,
        status,
        source_status,
        reporter,
        snapshot_id,
        is_small,
        load_id
    from {{ ref('int_observations_derived') }}
    {{ only_changed_measures('load_id') }}
)

select
    measure_id,
    area_code,
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
    source_status,
    reporter,
    is_small,
    measure_id as segment_id,
    snapshot_id,
    load_id
from observed
