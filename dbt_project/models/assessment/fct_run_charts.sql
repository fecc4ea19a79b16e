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
        s.end_month,
        s.window_months,
        m.direction,
        coalesce(r.rebases, 0) + 1 as section,
        r.section_start,
        round(s.value - lag(s.value) over section, 9) as step
    from {{ ref('int_series') }} as s
    join {{ ref('dim_measures') }} as m on m.measure_id = s.measure_id and m.frequency in ('month', 'quarter')
        and s.has_own_length and s.months_back % s.latest_window_months = 0  -- sums of twelve months share eleven with their neighbour
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
        cast((max(end_month) over section - min(end_month) over section) / window_months as bigint) + 1 - count(*) over section as missing_points,
        avg(value) over section as mean,
        round(2.66 * avg(abs(step)) over section, 9) as reach
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
        sign(round(value - mean, 9)) as side,
        abs(round(value - mean, 9)) > reach as is_outside,
        case when abs(round(value - mean, 9)) > round(reach * 2 / 3, 9) and abs(round(value - mean, 9)) <= reach then 1 else 0 end as is_near,
        row_number() over section as n,
        row_number() over (partition by measure_id, area_code, segment_id, section, sign(round(value - mean, 9)) order by period_start) as n_on_side,
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

-- Seven points in a row up or down are six steps; the point they start from is one of them. Of three points in a row the last one tells whether all lie
-- on one side of the mean and two of them near that limit.
seen as (
    select
        *,
        coalesce(steps >= 6 or lead(steps) over section >= 6, false) as is_in_trend,
        coalesce(
            side <> 0 and side = lag(side, 1) over section and side = lag(side, 2) over section
            and is_near + lag(is_near, 1) over section + lag(is_near, 2) over section >= 2,
            false
        ) as ends_near_three
    from runs
    window section as (partition by measure_id, area_code, segment_id, section order by period_start)
),

-- Where the next point is part of a trend too, it is the step to it that tells the way, so that a turning point begins what follows.
turned as (
    select
        *,
        is_near = 1 and (
            ends_near_three
            or coalesce(lead(ends_near_three, 1) over section, false)
            or coalesce(lead(ends_near_three, 2) over section, false)
        ) as is_near_again,
        case when lead(is_in_trend) over section then lead(step) over section else step end as trend_step
    from seen
    window section as (partition by measure_id, area_code, segment_id, section order by period_start)
),

signalled as (
    select
        *,
        case
            when not has_limits then 'too_few_points'
            when is_outside then 'outside'
            when is_in_trend then 'trend'
            when is_near_again then 'two_of_three'
            when points_on_side >= 7 then 'shift'
            else 'none'
        end as signal
    from turned
),

judged as (
    select
        *,
        case
            when signal = 'too_few_points' then 'not_assessed'
            when signal = 'none' then 'common_cause'
            else {{ in_direction("case when signal = 'trend' then trend_step else side end", 'direction', 'improvement', 'concern', 'high', 'low') }}
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
    j.missing_points,
    case when j.has_limits and j.missing_points > 0 then concat(
        'Medelvärde och gränser bygger bara på de ', cast(j.point_count as varchar), ' perioder som visas; ', cast(j.missing_points as varchar),
        ' mellan den första och den sista är dolda eller saknas.'
    ) end as basis_sv,
    case when j.has_limits and j.missing_points > 0 then concat(
        'Mean and limits rest on the ', cast(j.point_count as varchar), ' periods shown alone; ', cast(j.missing_points as varchar),
        ' between the first and the last are hidden or missing.'
    ) end as basis_en,
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
