{{ config(contract={'enforced': true}) }}
-- A declared change begins a new section with limits of its own, and nothing else does; a break of the series too. Signals are sought within a section.
with rebased as (
    select
        s.measure_id,
        s.area_code,
        s.segment_id,
        s.period_start,
        count(r.rebase_date) as rebases,
        max(r.rebase_date) as section_start
    from {{ ref('int_series') }} as s
    join {{ ref('dim_rebases') }} as r on r.measure_id = s.measure_id and r.rebase_date <= s.period_start
    group by s.measure_id, s.area_code, s.segment_id, s.period_start
),

points as (
    select
        s.measure_id,
        s.area_code,
        s.segment_id,
        s.period_start,
        s.period_end,
        s.period_label,
        s.reporter,
        s.value,
        m.direction,
        coalesce(r.rebases, 0) + 1 as section,
        r.section_start,
        s.value - lag(s.value) over section as step
    from {{ ref('int_series') }} as s
    join {{ ref('dim_measures') }} as m on m.measure_id = s.measure_id and m.frequency in ('month', 'quarter')
    left join rebased as r
        on r.measure_id = s.measure_id
        and r.area_code = s.area_code
        and r.segment_id = s.segment_id
        and r.period_start = s.period_start
    window section as (partition by s.measure_id, s.area_code, s.segment_id, coalesce(r.rebases, 0) order by s.period_start)
),

centred as (
    select
        *,
        count(*) over section as point_count,
        avg(value) over section as mean,
        2.66 * avg(abs(step)) over section as reach
    from points
    window section as (
        partition by measure_id, area_code, segment_id, section
        order by period_start rows between unbounded preceding and unbounded following  -- summed in one order: see steady
    )
),

placed as (
    select
        *,
        point_count >= 12 as has_limits,
        sign(value - mean) as side,
        case when abs(value - mean) > reach * 2 / 3 then sign(value - mean) else 0 end as near_side,
        row_number() over section as n,
        row_number() over (partition by measure_id, area_code, segment_id, section, sign(value - mean) order by period_start) as n_on_side,
        row_number() over (partition by measure_id, area_code, segment_id, section, sign(step) order by period_start) as n_of_step
    from centred
    window section as (partition by measure_id, area_code, segment_id, section order by period_start)
),

runs as (
    select
        *,
        case when side <> 0 then count(*) over (partition by measure_id, area_code, segment_id, section, side, n - n_on_side) end as points_on_side,
        case when step <> 0 then count(*) over (partition by measure_id, area_code, segment_id, section, sign(step), n - n_of_step) end as steps
    from placed
),

-- Seven points in a row up or down are six steps; the point they start from is one of them.
seen as (
    select
        *,
        case when steps >= 6 then sign(step) when lead(steps) over section >= 6 then sign(lead(step) over section) end as trend_side,
        near_side <> 0 and near_side in (
            coalesce(lag(near_side, 1) over section, 0), coalesce(lag(near_side, 2) over section, 0),
            coalesce(lead(near_side, 1) over section, 0), coalesce(lead(near_side, 2) over section, 0)
        ) as is_near_again
    from runs
    window section as (partition by measure_id, area_code, segment_id, section order by period_start)
),

signalled as (
    select
        *,
        case
            when not has_limits then 'too_few_points'
            when abs(value - mean) > reach then 'outside'
            when points_on_side >= 7 then 'shift'
            when trend_side is not null then 'trend'
            when is_near_again then 'two_of_three'
            else 'none'
        end as signal
    from seen
),

judged as (
    select
        *,
        case
            when signal = 'too_few_points' then 'not_assessed'
            when signal = 'none' then 'common_cause'
            else {{ in_direction("case when signal = 'trend' then trend_side else side end", 'direction', 'improvement', 'concern', 'high', 'low') }}
        end as variation
    from signalled
)

select
    j.measure_id,
    j.area_code,
    j.segment_id,
    j.period_start,
    j.period_end,
    j.period_label,
    j.reporter,
    j.value,
    j.section,
    r.reason_sv as section_reason_sv,
    j.point_count,
    case when j.has_limits then j.mean end as mean,
    case when j.has_limits then j.mean - j.reach end as lower_limit,
    case when j.has_limits then j.mean + j.reach end as upper_limit,
    j.signal,
    s.word_sv as signal_sv,
    s.word_en as signal_en,
    j.variation,
    v.word_sv as variation_sv,
    v.word_en as variation_en,
    false as is_held,
    cast(null as varchar) as held_reason,
    cast(null as timestamp) as held_since
from judged as j
join {{ ref('assessment_words') }} as s on s.aspect = 'signal' and s.word = j.signal
join {{ ref('assessment_words') }} as v on v.aspect = 'variation' and v.word = j.variation
left join {{ ref('dim_rebases') }} as r on r.measure_id = j.measure_id and r.rebase_date = j.section_start
