-- depends_on: {{ ref("stg_landing__loads") }} (the post-hook of an incremental build)
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='measure_id',
    on_schema_change='fail',
    post_hook="{{ drop_departed_measures() }}"
) }}

-- Only hiding happens here: every figure, with its interval, status and segment, comes as int_observations_measured made it.
with placed as (
    select
        o.*,
        a.area_type,
        case when a.area_type in ('municipality', 'county_part') then a.parent_code else a.area_code end as county_code,
        o.reporter <> 'source' and (o.is_small or o.status = 'suppressed') as is_primary
    from {{ ref('int_observations_measured') }} as o
    join {{ ref('stg_catalogue__areas') }} as a on a.area_code = o.area_code
    {{ only_changed_measures('o.load_id') }}
),

-- What is hidden must not be computed from what is shown. Where one sex or age group of a place is hidden, all of that place and period are, its
-- total too; where a municipality is hidden, everything of its county and county parts is. That hides more than needed, never less.
of_place as (
    select
        *,
        reporter <> 'source' and max(case when is_primary then 1 else 0 end) over (
            partition by measure_id, area_code, period_start, period_end
        ) = 1 as is_hidden_place
    from placed
),

protected as (
    select
        *,
        is_hidden_place or (
            reporter <> 'source'
            and area_type in ('region', 'county_part')
            and max(case when area_type = 'municipality' and is_hidden_place then 1 else 0 end) over (
                partition by measure_id, county_code, period_start, period_end
            ) = 1
        ) as is_hidden
    from of_place
)

select
    measure_id,
    area_code,
    period_start,
    period_end,
    period_label,
    sex,
    age_group,
    case when not is_hidden then value end as value,
    case when not is_hidden then numerator end as numerator,
    case when not is_hidden then denominator end as denominator,
    case when not is_hidden then ci_lower end as ci_lower,
    case when not is_hidden then ci_upper end as ci_upper,
    case when not is_hidden then answers end as answers,
    case when is_hidden then 'suppressed' else status end as status,
    case when is_primary then 'primary' when is_hidden then 'secondary' end as suppression,
    case when not is_hidden then source_status end as source_status,
    reporter,
    segment_id,
    snapshot_id,
    false as is_held,
    cast(null as varchar) as held_reason,
    cast(null as timestamp) as held_since,
    load_id
from protected
