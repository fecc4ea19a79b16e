-- Whole periods that end before the start against those that begin at it or after, at most three years on either side, the same periods for
-- every place: a place that lacks one of them takes no part, or the year would be mistaken for the place.
with followed as (
    select
        i.initiative_id,
        i.start_date,
        m.measure_id,
        s.area_code,
        s.area_type,
        s.period_start,
        s.period_end,
        s.value,
        s.period_end < i.start_date as is_before,
        a.area_code is not null as is_treated
    from {{ ref('dim_initiatives') }} as i
    join {{ ref('bridge_initiative_measures') }} as m on m.initiative_id = i.initiative_id
    join {{ ref('int_series') }} as s on s.measure_id = m.measure_id and s.is_in_latest_segment and s.has_own_length
    left join {{ ref('bridge_initiative_areas') }} as a on a.initiative_id = i.initiative_id and a.area_code = s.area_code
    where (s.period_end < i.start_date or s.period_start >= i.start_date)
        and abs((year(s.period_end) - year(i.start_date)) * 12 + month(s.period_end) - month(i.start_date)) <= 36
        -- A place where another initiative with the same measure ran is no place of comparison.
        and (
            a.area_code is not null
            or not exists (
                select 1
                from {{ ref('bridge_initiative_measures') }} as m2
                join {{ ref('bridge_initiative_areas') }} as a2 on a2.initiative_id = m2.initiative_id
                where m2.measure_id = m.measure_id and a2.area_code = s.area_code
            )
        )
),

places as (
    select
        initiative_id,
        measure_id,
        area_type,
        count(distinct case when is_treated then area_code end) as treated
    from followed
    group by initiative_id, measure_id, area_type
    having count(distinct case when is_treated then area_code end) > 0
),

wanted as (
    select
        f.initiative_id,
        f.measure_id,
        f.area_type,
        f.period_start,
        f.period_end,
        count(*) over (partition by f.initiative_id, f.measure_id, f.area_type) as periods
    from followed as f
    join places as p on p.initiative_id = f.initiative_id and p.measure_id = f.measure_id and p.area_type = f.area_type
    where f.is_treated
    group by f.initiative_id, f.measure_id, f.area_type, f.period_start, f.period_end, p.treated
    having count(distinct f.area_code) = p.treated
)

select
    f.initiative_id,
    f.measure_id,
    f.area_type,
    f.area_code,
    f.is_treated,
    count(case when f.is_before then 1 end) as periods_before,
    count(case when not f.is_before then 1 end) as periods_after,
    min(f.period_start) as first_day,
    max(f.period_end) as last_day,
    {{ steady('avg', 'case when f.is_before then f.value end', 'f.period_start') }} as mean_before,
    {{ steady('avg', 'case when not f.is_before then f.value end', 'f.period_start') }} as mean_after
from followed as f
join wanted as w
    on w.initiative_id = f.initiative_id
    and w.measure_id = f.measure_id
    and w.area_type = f.area_type
    and w.period_start = f.period_start
    and w.period_end = f.period_end
group by f.initiative_id, f.measure_id, f.area_type, f.area_code, f.is_treated
having count(*) = max(w.periods) and count(case when f.is_before then 1 end) between 1 and count(*) - 1
