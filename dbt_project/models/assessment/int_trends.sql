with points as (
    select
        measure_id,
        area_code,
        end_month / 12.0 as year,
        case when end_month = min(end_month) over (partition by measure_id, area_code) then period_label end as first_period_label,
        round(value, 9) as value,  -- what differs in the last bits only is a tie
        count(*) over (partition by measure_id, area_code) as n
    from {{ ref('int_series') }}
    where is_independent
),

tied as (
    select
        measure_id,
        area_code,
        value,
        count(*) as t
    from points
    where n >= 5
    group by measure_id, area_code, value
),

ties as (
    select
        measure_id,
        area_code,
        string_agg(cast(t as varchar), ',' order by t desc) as tie_pattern,
        sum(t * (t - 1) / 2) as tied_pairs,
        sum(t * (t - 1) * (2 * t + 5)) as tie_term
    from tied
    group by measure_id, area_code
),

pairs as (
    select
        a.measure_id,
        a.area_code,
        a.n,
        (b.value - a.value) / (b.year - a.year) as slope,
        sign(b.value - a.value) as s
    from points as a
    join points as b on b.measure_id = a.measure_id and b.area_code = a.area_code and b.year > a.year
    where a.n >= 5
),

counted as (
    select
        p.measure_id,
        p.area_code,
        max(p.n) as n,
        cast(sum(p.s) as integer) as s,
        count(*) as pair_count,
        median(p.slope) as slope
    from pairs as p
    group by p.measure_id, p.area_code
),

tested as (
    select
        c.*,
        t.tied_pairs,
        d.p_two_sided as exact_p,
        d.critical_s,
        (c.n * (c.n - 1) * (2 * c.n + 5) - t.tie_term) / 18.0 as variance,
        greatest(abs(c.s) - 1, 0) / nullif(sqrt((c.n * (c.n - 1) * (2 * c.n + 5) - t.tie_term) / 18.0), 0) as z
    from counted as c
    join ties as t on t.measure_id = c.measure_id and t.area_code = c.area_code
    left join {{ ref('int_kendall_distribution') }} as d on d.tie_pattern = t.tie_pattern and d.s = abs(c.s)
),

-- The interval of the slope leaves out as many slopes at each end as the test at 5 % does; so few points that it leaves out none have no interval.
limits as (
    select
        *,
        case when n <= 10 then exact_p when z is null then 1.0 else 2 * {{ normal_tail('z') }} end as p_value,
        floor((pair_count - case when n <= 10 then critical_s - 2 else {{ z() }} * sqrt(variance) end) / 2) as slopes_outside
    from tested
),

ranked as (
    select
        measure_id,
        area_code,
        slope,
        row_number() over (partition by measure_id, area_code order by slope) as place
    from pairs
),

intervals as (
    select
        r.measure_id,
        r.area_code,
        max(case when r.place = l.slopes_outside then r.slope end) as slope_lower,
        max(case when r.place = l.pair_count + 1 - l.slopes_outside then r.slope end) as slope_upper
    from ranked as r
    join limits as l on l.measure_id = r.measure_id and l.area_code = r.area_code
    group by r.measure_id, r.area_code
),

lengths as (
    select
        measure_id,
        area_code,
        max(n) as n,
        max(year) - min(year) as years,
        max(first_period_label) as first_period_label
    from points
    group by measure_id, area_code
)

select
    g.measure_id,
    g.area_code,
    g.n as periods,
    g.first_period_label,
    l.s,
    l.s / nullif(sqrt((l.pair_count - l.tied_pairs) * l.pair_count), 0) as tau,
    l.p_value,
    l.slope,
    i.slope_lower,
    i.slope_upper,
    case
        when l.n is null then 'too_short'
        when l.p_value > 0.05 or l.s = 0 then 'no_clear_change'
        when round(abs(l.slope) * g.years, 9) < 0.5 * power(10.0, -coalesce(m.decimals, 1)) then 'no_clear_change'  -- it rounds to nothing in the figures shown
        else {{ in_direction('l.s', 'm.direction', 'improving', 'worsening', 'increasing', 'decreasing') }}
    end as trend
from lengths as g
join {{ ref('dim_measures') }} as m on m.measure_id = g.measure_id
left join limits as l on l.measure_id = g.measure_id and l.area_code = g.area_code
left join intervals as i on i.measure_id = g.measure_id and i.area_code = g.area_code
