with latest as (
    select
        s.*,
        m.direction,
        m.value_type,
        m.similar_theme,
        m.baseline_period
    from {{ ref('int_series') }} as s
    join {{ ref('dim_measures') }} as m on m.measure_id = s.measure_id
    where s.is_latest
),

-- The areas' figures of the very same periods; the latest rows first, so that the whole history is read once and joined to little.
peers as (
    select s.*
    from {{ ref('int_series') }} as s
    where exists (
        select 1 from latest as l where l.measure_id = s.measure_id and l.period_start = s.period_start and l.period_end = s.period_end
    )
),

of_places as (
    select
        l.measure_id,
        l.area_code,
        case when p.area_type = 'nation' then 'nation' else 'county' end as comparator,
        p.period_label as other_label,
        p.value as other_value,
        p.ci_lower as other_lower,
        p.ci_upper as other_upper,
        cast(null as bigint) as other_count,
        p.numerator as other_numerator,
        p.denominator as other_denominator
    from latest as l
    join peers as p
        on p.measure_id = l.measure_id
        and p.period_start = l.period_start
        and p.period_end = l.period_end
        and p.area_code <> l.area_code
        and l.has_own_length
        and l.value_type <> 'count'  -- counts follow the number of people
        and (p.area_type = 'nation' or (
            p.area_code = l.parent_code and p.area_type = 'region'
            and (p.reporter <> 'municipalities' or p.is_aggregated)  -- summed from all of them: an incomplete or preliminary sum is not in the series
        ))
),

-- Not their mean: seven municipalities of very different size have none worth the name. Their middle half is the comparator.
of_similar as (
    select
        l.measure_id,
        l.area_code,
        'similar' as comparator,
        any_value(l.period_label) as other_label,
        median(p.value) as other_value,
        {{ quantile('p.value', 0.25) }} as other_lower,
        {{ quantile('p.value', 0.75) }} as other_upper,
        count(*) as other_count,
        cast(null as double) as other_numerator,
        cast(null as double) as other_denominator
    from latest as l
    join {{ ref('int_similar_areas') }} as g
        on g.area_code = l.area_code and g.theme = l.similar_theme and l.value_type <> 'count' and l.has_own_length
    join peers as p
        on p.measure_id = l.measure_id
        and p.area_code = g.member_code
        and p.period_start = l.period_start
        and p.period_end = l.period_end
    group by l.measure_id, l.area_code
    having count(*) >= 4
),

earlier as (
    select
        s.*,
        min(case when s.is_independent then s.months_back end) over series as previous_back,
        max(case when s.is_independent then s.months_back end) over series as first_back,
        max(case when s.period_label = m.baseline_period then s.months_back end) over series as named_back,
        m.baseline_period
    from {{ ref('int_series') }} as s
    join {{ ref('dim_measures') }} as m on m.measure_id = s.measure_id
    where s.is_in_latest_segment and s.months_back >= s.latest_window_months
    window series as (partition by s.measure_id, s.area_code)
),

of_periods as (
    select
        e.measure_id,
        e.area_code,
        c.comparator,
        e.period_label as other_label,
        e.value as other_value,
        e.ci_lower as other_lower,
        e.ci_upper as other_upper,
        cast(null as bigint) as other_count,
        e.numerator as other_numerator,
        e.denominator as other_denominator
    from earlier as e
    cross join (select 'previous' as comparator union all select 'baseline') as c
    where e.months_back = case
        when c.comparator = 'previous' then e.previous_back
        when e.baseline_period is not null then e.named_back
        else e.first_back
    end
),

comparators as (
    select * from of_places
    union all
    select * from of_similar
    union all
    select * from of_periods
),

measured as (
    select
        l.measure_id,
        l.area_code,
        l.direction,
        c.comparator,
        c.other_label,
        c.other_value,
        c.other_lower,
        c.other_upper,
        c.other_count,
        l.value,
        l.ci_lower,
        l.ci_upper,
        -- Two periods of one place are two samples, so their counts can be tested; a place is a part of its county and nation, so there
        -- its interval is held against theirs.
        c.comparator in ('previous', 'baseline')
        and l.value_type = 'share'
        and l.denominator > 0 and c.other_denominator > 0
        and l.numerator between 0 and l.denominator and c.other_numerator between 0 and c.other_denominator as is_tested,
        l.numerator as x1,
        l.denominator as n1,
        c.other_numerator as x2,
        c.other_denominator as n2
    from comparators as c
    join latest as l on l.measure_id = c.measure_id and l.area_code = c.area_code
),

judged as (
    select
        *,
        value - other_value as difference,
        case when is_tested then {{ difference_limit('x1', 'n1', 'x2', 'n2', 'lower') }} end as share_difference_lower,
        case when is_tested then {{ difference_limit('x1', 'n1', 'x2', 'n2', 'upper') }} end as share_difference_upper,
        case
            when comparator in ('previous', 'baseline') and other_lower is null then null
            when ci_lower > coalesce(other_upper, other_value) then 1
            when ci_upper < coalesce(other_lower, other_value) then -1
            when ci_lower is not null and ci_upper is not null then 0
        end as interval_sign
    from measured
),

signed as (
    select
        *,
        case
            when not coalesce(is_tested, false) then interval_sign
            when share_difference_lower > 0 then 1
            when share_difference_upper < 0 then -1
            else 0
        end as sign
    from judged
)

select
    measure_id,
    area_code,
    comparator,
    other_label,
    other_value,
    other_lower,
    other_upper,
    other_count,
    difference,
    share_difference_lower,
    share_difference_upper,
    case
        when sign is null then 'not_comparable'
        when sign = 0 then 'no_different'
        else {{ in_direction('sign', 'direction') }}
    end as comparison
from signed
