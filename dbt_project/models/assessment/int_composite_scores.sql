-- Only what may be compared between areas and has a better direction: no bare counts. Preliminary figures take no part (int_series has none).
with yearly as (
    select
        s.measure_id,
        s.area_code,
        s.area_type,
        s.segment_id,
        year(s.period_end) as year,
        s.value,
        m.base_year,
        case when m.direction = 'lower_is_better' then -1 else 1 end as sign
    from {{ ref('int_series') }} as s
    join {{ ref('dim_measures') }} as m on m.measure_id = s.measure_id
    where m.status = 'published'
        and s.has_own_length
        and m.frequency = 'year'
        and m.direction <> 'neutral'
        and m.value_type <> 'count'
        and s.area_type in ('municipality', 'region')
        and exists (select 1 from {{ ref('bridge_indicator_measures') }} as b where b.measure_id = s.measure_id)
),

spread as (
    select
        measure_id,
        area_type,
        segment_id,
        year,
        base_year,
        {{ steady('avg', 'value', 'area_code') }} as mean,
        {{ steady('stddev_samp', 'value', 'area_code') }} as deviation
    from yearly
    group by measure_id, area_type, segment_id, year, base_year
    having count(*) >= 10 and max(value) > min(value)
),

-- One fixed year for each series, so that progress common to all areas shows; a break has a base of its own, as nothing joins the two. The first year from
-- the one that the measure names on; a series that ended before it has its last year. Older years that a source adds later move neither.
base as (
    select *
    from spread
    qualify row_number() over (
        partition by measure_id, area_type, segment_id order by year < coalesce(base_year, {{ first_base_year() }}), abs(year - coalesce(base_year, {{ first_base_year() }}))
    ) = 1
)

select
    y.measure_id,
    y.area_code,
    y.area_type,
    y.year,
    y.value,
    b.year as base_year,
    b.mean as base_mean,
    b.deviation as base_deviation,
    greatest(-3.0, least(3.0, y.sign * (y.value - b.mean) / b.deviation)) as score
from yearly as y
join base as b on b.measure_id = y.measure_id and b.area_type = y.area_type and b.segment_id = y.segment_id
