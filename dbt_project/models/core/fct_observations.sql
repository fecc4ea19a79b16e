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

-- A sum over time of a place is hidden where any of its periods is: the others would give that one away.
over_time as (
    select
        p.*,
        p.is_hidden_place or h.measure_id is not null as is_hidden_series
    from of_place as p
    left join (
        select distinct
            whole.measure_id,
            whole.area_code,
            whole.period_start,
            whole.period_end
        from of_place as whole
        join of_place as part
            on part.measure_id = whole.measure_id
            and part.area_code = whole.area_code
            and part.period_start >= whole.period_start
            and part.period_end <= whole.period_end
            and part.period_months < whole.period_months
        where part.is_hidden_place and whole.reporter <> 'source'
    ) as h
        on h.measure_id = p.measure_id
        and h.area_code = p.area_code
        and h.period_start = p.period_start
        and h.period_end = p.period_end
        and p.reporter <> 'source'
),

protected as (
    select
        *,
        is_hidden_series or (
            reporter <> 'source'
            and area_type in ('region', 'county_part')
            and max(case when area_type = 'municipality' and is_hidden_series then 1 else 0 end) over (
                partition by measure_id, county_code, period_start, period_end
            ) = 1
        ) as is_hidden
    from over_time
)

select
    measure_id,
    area_code,
    period_start,
    period_end,
    period_months,
    period_label,
    sex,
    age_group,
    case when not is_hidden then value end as value,
    case when not is_hidden then numerator end as numerator,
    case when not is_hidden then denominator end as denominator,
    case when not is_hidden then ci_lower end as ci_lower,
    case when not is_hidden then ci_upper end as ci_upper,
    -- The method alone tells whether there were fewer than ten.
    case when is_hidden then 'none' else ci_method end as ci_method,
    case when not is_hidden then answers end as answers,
    case when is_hidden then 'suppressed' else status end as status,
    case when is_primary then 'primary' when is_hidden then 'secondary' end as suppression,
    case when not is_hidden then source_status end as source_status,
    reporter,
    is_aggregated,
    parts_reported,
    parts_expected,
    segment_id,
    snapshot_id,
    false as is_held,
    cast(null as varchar) as held_reason,
    cast(null as timestamp) as held_since,
    load_id
from protected
