-- One series is followed, never a mixture: the national source's, else the region's, else the municipalities', in periods of the measure's own length.
-- A place that has none of that length, as where every month is hidden, is followed in periods as long as its latest; it is its own series then, and no
-- other place's is like it (has_own_length).
with published as (
    select
        o.measure_id,
        o.area_code,
        a.area_type,
        a.parent_code,
        o.period_start,
        o.period_end,
        o.period_label,
        o.age_group,
        o.value,
        o.numerator,
        o.denominator,
        o.ci_lower,
        o.ci_upper,
        o.reporter,
        o.is_aggregated,
        case o.reporter when 'source' then 1 when 'region' then 2 else 3 end as reporter_order,
        o.segment_id,
        year(o.period_end) * 12 + month(o.period_end) as end_month,
        {{ period_months('o.period_start', 'o.period_end') }} as window_months,
        {{ own_months('m') }} as own_months
    from {{ ref('fct_observations') }} as o
    join {{ ref('dim_measures') }} as m on m.measure_id = o.measure_id and m.age_group = o.age_group
    join {{ ref('dim_areas') }} as a on a.area_code = o.area_code
    where o.sex = 'total' and o.value is not null and o.status = 'ok'
),

-- One window for all of it: at 20 million observations each further sort costs more than everything else here.
seen_from_the_latest as (
    select
        *,
        first_value(reporter_order) over newest_first as followed_reporter,
        row_number() over newest_first = 1 as is_latest,
        first_value(end_month) over newest_first - end_month as months_back,
        first_value(window_months) over newest_first as latest_window_months,
        first_value(segment_id) over newest_first = segment_id as is_in_latest_segment
    from published
    window newest_first as (partition by measure_id, area_code order by reporter_order, window_months = own_months desc, period_end desc, period_start desc)
)

select
    measure_id,
    area_code,
    area_type,
    parent_code,
    period_start,
    period_end,
    period_label,
    age_group,
    value,
    numerator,
    denominator,
    ci_lower,
    ci_upper,
    reporter,
    is_aggregated,
    segment_id,
    end_month,
    window_months,
    months_back,
    latest_window_months,
    is_in_latest_segment,
    is_latest,
    window_months = own_months as has_own_length,
    is_in_latest_segment and months_back % latest_window_months = 0 as is_independent
from seen_from_the_latest
where reporter_order = followed_reporter and window_months = latest_window_months
