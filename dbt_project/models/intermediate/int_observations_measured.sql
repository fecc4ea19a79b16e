-- depends_on: {{ ref("stg_landing__loads") }} (the post-hook of an incremental build)
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='measure_id',
    on_schema_change='fail',
    post_hook="{{ drop_departed_measures() }}"
) }}

{%- set shared = "measure_id, area_code, period_start, period_end, period_label, sex, age_group, value, numerator, denominator, status, reporter, snapshot_id, load_id" %}

with figures as (
    select
        {{ shared }}, source_status, ci_lower, ci_upper, answers, since_date,
        cast(null as boolean) as is_small, cast(null as integer) as parts_reported, cast(null as integer) as parts_expected
    from {{ ref('int_observations_unioned') }}
    {{ only_changed_measures('load_id') }}
    union all
    select
        {{ shared }}, cast(null as varchar), cast(null as double), cast(null as double), cast(null as double), cast(null as date),
        cast(null as boolean), cast(null as integer), cast(null as integer)
    from {{ ref('int_observations_totalled') }}
    {{ only_changed_measures('load_id') }}
    union all
    select
        {{ shared }}, source_status, cast(null as double), cast(null as double), cast(null as double), cast(null as date),
        is_small, cast(null as integer), cast(null as integer)
    from {{ ref('int_observations_derived') }}
    {{ only_changed_measures('load_id') }}
    union all
    select
        {{ shared }}, cast(null as varchar), cast(null as double), cast(null as double), cast(null as double), cast(null as date),
        cast(null as boolean), parts_reported, parts_expected
    from {{ ref('int_observations_summed') }}
    {{ only_changed_measures('load_id') }}
),

judged as (
    select
        f.measure_id,
        f.area_code,
        f.period_start,
        f.period_end,
        f.period_label,
        f.sex,
        f.age_group,
        f.value,
        f.numerator,
        f.denominator,
        f.ci_lower,
        f.ci_upper,
        f.answers,
        f.since_date,
        f.source_status,
        f.reporter,
        f.parts_reported,
        f.parts_expected,
        f.snapshot_id,
        f.load_id,
        -- A derived figure knows it from its parts.
        coalesce(f.is_small, {{ is_small_count('f', 'm') }}) as is_small,
        case when f.status = 'ok' and f.period_end >= l.running_since then 'preliminary' else f.status end as status,
        coalesce(s.segment_id, f.measure_id) as segment_id,
        {{ period_months('f.period_start', 'f.period_end') }} as period_months,
        m.value_type,
        m.per,
        coalesce(m.has_interval, true) as has_interval,
        {{ annual_factor('m.is_annualised', 'f.period_start', 'f.period_end') }} as annual_factor,
        case when m.value_type = 'share' then f.value / m.per * coalesce(f.denominator, f.answers)
            when m.value_type = 'count' then f.value
            else f.numerator end as events,
        case when m.value_type = 'share' then coalesce(f.denominator, f.answers) else f.denominator end as total
    from figures as f
    join {{ ref('stg_catalogue__measures') }} as m on m.measure_id = f.measure_id
    left join {{ ref('stg_landing__loads') }} as l on l.measure_id = f.measure_id
    left join {{ ref('int_segments') }} as s on s.measure_id = f.measure_id and {{ lies_in_segment('f.period_end', 's') }}
),

with_method as (
    select
        *,
        case
            when value is null then 'none'
            when ci_lower is not null or ci_upper is not null then 'source'
            when not has_interval then 'none'
            when value_type = 'share' and total > 0 and events between 0 and total then 'wilson'
            when (value_type = 'count' or (value_type = 'rate' and total > 0 and per > 0)) and events >= 0 and events = round(events)
                then case when events < 10 then 'poisson_exact' else 'byar' end
            else 'none'
        end as ci_method,
        -- What one event is in the value's unit. From the value where there are events, so that the interval surrounds it.
        case
            when value_type = 'count' then 1.0
            when events > 0 then value / events
            else per * annual_factor / nullif(total, 0)
        end as value_of_one
    from judged
)

select
    w.measure_id,
    w.area_code,
    w.period_start,
    w.period_end,
    w.period_months,
    w.period_label,
    w.sex,
    w.age_group,
    w.value,
    w.numerator,
    w.denominator,
    case w.ci_method
        when 'source' then w.ci_lower
        when 'wilson' then {{ wilson_limit('w.events', 'w.total', 'lower') }} * w.per
        when 'poisson_exact' then p.lower_limit * w.value_of_one
        when 'byar' then {{ byar_limit('w.events', 'lower') }} * w.value_of_one
    end as ci_lower,
    case w.ci_method
        when 'source' then w.ci_upper
        when 'wilson' then {{ wilson_limit('w.events', 'w.total', 'upper') }} * w.per
        when 'poisson_exact' then p.upper_limit * w.value_of_one
        when 'byar' then {{ byar_limit('w.events', 'upper') }} * w.value_of_one
    end as ci_upper,
    w.ci_method,
    w.answers,
    w.since_date,
    w.status,
    w.source_status,
    w.reporter,
    w.parts_expected is not null as is_aggregated,
    w.parts_reported,
    w.parts_expected,
    w.is_small,
    w.segment_id,
    w.snapshot_id,
    w.load_id
from with_method as w
left join {{ ref('poisson_limits') }} as p on w.ci_method = 'poisson_exact' and p.events = w.events
