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
        m.age_group,
        v.value,
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        cast(null as double) as ci_lower,
        cast(null as double) as ci_upper,
        cast(null as double) as answers,
        v.status,
        v.source_status,
        'source' as reporter,
        cast(null as date) as since_date
    from {{ ref('stg_kolada__values') }} as v
    join {{ ref('stg_catalogue__areas') }} as a on a.kolada_code = v.kolada_code
    join {{ ref('stg_catalogue__measures') }} as m on m.measure_id = v.measure_id
),

cells as (
    {% for source_name in ['scb', 'folkhalsodata', 'socialstyrelsen', 'vardenisiffror'] -%}
    select * from {{ ref('stg_' ~ source_name ~ '__cells') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

cubes as (
    select
        c.measure_id,
        c.snapshot_id,
        a.area_code,
        c.period_start,
        c.period_end,
        c.period_label,
        c.sex,
        c.age_group,
        c.value,
        c.numerator,
        c.denominator,
        c.ci_lower,
        c.ci_upper,
        c.answers,
        c.status,
        c.source_status,
        'source' as reporter,
        cast(null as date) as since_date
    from cells as c
    join {{ ref('stg_catalogue__areas') }} as a on a.scb_code = c.scb_code
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
        age_group,
        value,
        numerator,
        denominator,
        cast(null as double) as ci_lower,
        cast(null as double) as ci_upper,
        answers,
        status,
        source_status,
        reporter,
        since_date
    from {{ ref('stg_local__values') }}
),

unioned as (
    select * from kolada
    union all
    select * from cubes
    union all
    select * from local_files
)

select
    u.*,
    l.load_id
from unioned as u
join {{ ref('stg_landing__loads') }} as l on l.measure_id = u.measure_id and l.snapshot_id = u.snapshot_id
{{ only_changed_measures('l.load_id') }}
