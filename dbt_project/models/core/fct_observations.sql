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
        o.status,
        o.source_status,
        o.reporter,
        o.snapshot_id,
        {{ is_small_count('coalesce(o.numerator, o.value)', 'o.reporter', "case when o.numerator is not null then 'count' else m.value_type end", 'm.suppression_threshold') }} as is_small,
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
        status,
        source_status,
        reporter,
        snapshot_id,
        is_small,
        load_id
    from {{ ref('int_observations_derived') }}
    {{ only_changed_measures('load_id') }}
),

placed as (
    select
        o.*,
        a.area_type,
        case when a.area_type = 'municipality' then a.parent_code else a.area_code end as county_code,
        o.sex <> 'total' or o.age_group <> 'total' as is_part,
        o.is_small or (o.status = 'suppressed' and o.reporter <> 'source') as is_primary
    from observed as o
    join {{ ref('stg_catalogue__areas') }} as a on a.area_code = o.area_code
),

-- What is hidden must not be the difference of what is shown: where one sex or age group is hidden all are (their total stays), and where a
-- municipality is hidden its county is. That hides a little more than needed, never less.
split as (
    select
        *,
        reporter <> 'source' and is_part and max(case when is_part and is_primary then 1 else 0 end) over (
            partition by measure_id, area_code, period_start, period_end
        ) = 1 as is_in_split
    from placed
),

protected as (
    select
        *,
        reporter <> 'source' and (
            is_in_split
            or (
                area_type = 'region' and max(case when area_type = 'municipality' and (is_primary or is_in_split) then 1 else 0 end) over (
                    partition by measure_id, county_code, period_start, period_end, sex, age_group
                ) = 1
            )
        ) as is_secondary
    from split
)

select
    measure_id,
    area_code,
    period_start,
    period_end,
    period_label,
    sex,
    age_group,
    case when not (is_small or is_secondary) then value end as value,
    case when not (is_small or is_secondary) then numerator end as numerator,
    denominator,
    case when not (is_small or is_secondary) then ci_lower end as ci_lower,
    case when not (is_small or is_secondary) then ci_upper end as ci_upper,
    case when is_small or is_secondary then 'suppressed' else status end as status,
    case when is_primary then 'primary' when is_secondary then 'secondary' end as suppression,
    source_status,
    reporter,
    measure_id as segment_id,
    snapshot_id,
    false as is_held,
    cast(null as varchar) as held_reason,
    cast(null as timestamp) as held_since,
    load_id
from protected
