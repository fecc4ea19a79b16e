{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='measure_id',
    on_schema_change='fail',
    post_hook="{{ drop_departed_measures() }}"
) }}

with kolada as (
    select
        v.measure_id,
        v.snapshot_id,
        a.area_code,
        {{ year_start('v.year', 'm.window_years') }} as period_start,
        {{ year_end('v.year') }} as period_end,
        {{ year_label('v.year', 'm.window_years') }} as period_label,
        v.sex,
        v.value,
        v.status,
        v.source_status,
        'source' as reporter
    from {{ ref('stg_kolada__values') }} as v
    join {{ ref('stg_catalogue__areas') }} as a on a.kolada_code = v.kolada_code
    join {{ ref('stg_catalogue__measures') }} as m on m.measure_id = v.measure_id
),

local_files as (
    select
        measure_id,
        snapshot_id,
        area_code,
        period_start,
        period_end,
        period_label,
        sex,
        value,
        status,
        source_status,
        reporter
    from {{ ref('stg_local__values') }}
),

unioned as (
    select * from kolada
    union all
    select * from local_files
)

select
    u.*,
    l.load_id
from unioned as u
join {{ ref('stg_landing__loads') }} as l on l.measure_id = u.measure_id and l.snapshot_id = u.snapshot_id
{{ only_changed_measures('l.load_id') }}
