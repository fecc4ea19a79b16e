{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='measure_id',
    on_schema_change='fail',
    post_hook="{{ drop_departed_measures() }}"
) }}

-- A rate takes the denominator of the same area and sex, at the end of the year that the measure names: the year before that of the period's last
-- day, the same year, or the mean of the two. Where that is not published yet there is no rate (awaiting_denominator), never last year's silently.
-- What is hidden in a part is hidden in the whole.
-- Spread between sexes: |w - m| of an area's women and men. Between municipalities: Q3 - Q1 over those of a region, and of the nation, that have a
-- value; none where fewer than five have. Q as everywhere here: the linear quantile (Hyndman and Fan 1996, type 7). Both are of national figures only.
-- Method: OHID, Technical guide: confidence intervals (rates); Statistics Sweden, population 31 December.
with figures as (
    {% for model in ['int_observations_unioned', 'int_observations_totalled'] -%}
    select
        measure_id, area_code, period_start, period_end, period_label, sex, age_group, value, numerator, denominator, status, reporter,
        {{ "source_status" if loop.first else "cast(null as varchar)" }} as source_status,
        {{ "answers" if loop.first else "cast(null as double)" }} as answers
    from {{ ref(model) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

observed as (
    select
        o.*,
        {{ is_small_count('o', 'm') }} as is_small
    from figures as o
    join {{ ref('stg_catalogue__measures') }} as m on m.measure_id = o.measure_id
),

derivations as (
    select
        d.*,
        coalesce(m.is_annualised, false) as is_annualised,
        l.snapshot_id,
        l.load_id
    from {{ ref('stg_catalogue__derivations') }} as d
    join {{ ref('stg_landing__loads') }} as l on l.measure_id = d.measure_id
    left join {{ ref('stg_catalogue__measures') }} as m on m.measure_id = d.measure_id
    {{ only_changed_measures('l.load_id') }}
),

-- Each 31 December serves one year of numerators, or two where the mean of two is taken.
dated as (
    select
        d.measure_id,
        d.denominator_year,
        p.area_code,
        p.sex,
        year(p.period_end) + case when d.denominator_year = 'previous' then 1 else 0 end as for_year,
        p.value,
        p.status,
        p.is_small
    from derivations as d
    join observed as p on p.measure_id = d.denominator and p.age_group = d.denominator_age_group
    union all
    select
        d.measure_id,
        d.denominator_year,
        p.area_code,
        p.sex,
        year(p.period_end) + 1 as for_year,
        p.value,
        p.status,
        p.is_small
    from derivations as d
    join observed as p on p.measure_id = d.denominator and p.age_group = d.denominator_age_group
    where d.denominator_year = 'mean'
),

denominators as (
    select
        measure_id,
        area_code,
        sex,
        for_year,
        avg(value) as value,
        case
            when count(*) < max(case when denominator_year = 'mean' then 2 else 1 end) then 'not_yet_published'
            else coalesce(max(case when status not in ('ok', 'preliminary') then status end), max(status))
        end as status,
        max(case when is_small then 1 else 0 end) = 1 as is_small
    from dated
    group by measure_id, area_code, sex, for_year
),

ratios as (
    select
        d.measure_id,
        d.snapshot_id,
        n.area_code,
        n.period_start,
        n.period_end,
        n.period_label,
        n.sex,
        n.age_group,
        {{ rate('n.value', 'p.value', 'd.per') }} * {{ annual_factor('d.is_annualised', 'n.period_start', 'n.period_end') }} as rate,
        n.value as numerator,
        p.value as denominator,
        case
            when n.status not in ('ok', 'preliminary') then n.status
            when p.area_code is null or p.status = 'not_yet_published' then 'awaiting_denominator'
            when p.status not in ('ok', 'preliminary') then p.status
            when p.value = 0 then 'not_applicable'
            when 'preliminary' in (n.status, p.status) then 'preliminary'
            else n.status
        end as status,
        n.source_status,
        n.reporter,
        n.is_small or coalesce(p.is_small, false) as is_small,
        d.load_id
    from derivations as d
    join observed as n on n.measure_id = d.numerator
    left join denominators as p
        on p.measure_id = d.measure_id
        and p.area_code = n.area_code
        and p.sex = n.sex
        and p.for_year = year(n.period_end)
    where d.numerator is not null
),

wanted_parts as (
    select
        measure_id,
        count(*) as parts
    from derivations
    where combine in ('sum', 'mean')
    group by measure_id
),

combinations as (
    select
        d.measure_id,
        d.snapshot_id,
        o.area_code,
        o.period_start,
        o.period_end,
        o.period_label,
        o.sex,
        o.age_group,
        case when d.combine = 'mean' then avg(o.value) else sum(o.value) end as rate,
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        case
            when max(case when o.status = 'suppressed' then 1 else 0 end) = 1 then 'suppressed'
            when count(o.value) < max(w.parts) then 'missing'
            when max(case when o.status = 'preliminary' then 1 else 0 end) = 1 then 'preliminary'
            else 'ok'
        end as status,
        cast(null as varchar) as source_status,
        o.reporter,
        max(case when o.is_small then 1 else 0 end) = 1 as is_small,
        d.load_id
    from derivations as d
    join wanted_parts as w on w.measure_id = d.measure_id
    join observed as o on o.measure_id = d.part
    group by
        d.measure_id, d.snapshot_id, o.area_code, o.period_start, o.period_end, o.period_label, o.sex, o.age_group, o.reporter, d.combine, d.load_id
),

sex_gaps as (
    select
        d.measure_id,
        d.snapshot_id,
        w.area_code,
        w.period_start,
        w.period_end,
        w.period_label,
        'total' as sex,
        w.age_group,
        abs(w.value - m.value) as rate,
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        case
            when w.status not in ('ok', 'preliminary') then w.status
            when m.status not in ('ok', 'preliminary') then m.status
            when 'preliminary' in (w.status, m.status) then 'preliminary'
            else 'ok'
        end as status,
        cast(null as varchar) as source_status,
        w.reporter,
        w.is_small or m.is_small as is_small,
        d.load_id
    from derivations as d
    join observed as w on w.measure_id = d.part and w.sex = 'women'
    join observed as m
        on m.measure_id = d.part
        and m.sex = 'men'
        and m.area_code = w.area_code
        and m.period_start = w.period_start
        and m.period_end = w.period_end
        and m.age_group = w.age_group
        and m.reporter = w.reporter
    where d.combine = 'sexes'
),

wholes as (
    select
        a.area_code,
        w.area_code as whole_code
    from {{ ref('stg_catalogue__areas') }} as a
    join {{ ref('stg_catalogue__areas') }} as w on w.area_code = a.parent_code or w.area_type = 'nation'
    where a.area_type = 'municipality'
),

area_spreads as (
    select
        d.measure_id,
        d.snapshot_id,
        w.whole_code as area_code,
        o.period_start,
        o.period_end,
        o.period_label,
        'total' as sex,
        o.age_group,
        {{ quantile('o.value', 0.75) }} - {{ quantile('o.value', 0.25) }} as rate,
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        case when max(case when o.status = 'preliminary' then 1 else 0 end) = 1 then 'preliminary' else 'ok' end as status,
        cast(null as varchar) as source_status,
        o.reporter,
        max(case when o.is_small then 1 else 0 end) = 1 as is_small,
        d.load_id
    from derivations as d
    join observed as o on o.measure_id = d.part and o.sex = 'total' and o.status in ('ok', 'preliminary') and o.value is not null
    join wholes as w on w.area_code = o.area_code
    where d.combine = 'municipalities'
    group by d.measure_id, d.snapshot_id, w.whole_code, o.period_start, o.period_end, o.period_label, o.age_group, o.reporter, d.load_id
    having count(*) >= 5
),

derived as (
    select * from ratios
    union all
    select * from combinations
    union all
    select * from sex_gaps
    union all
    select * from area_spreads
)

select
    measure_id,
    snapshot_id,
    area_code,
    period_start,
    period_end,
    period_label,
    sex,
    age_group,
    -- At nine decimals: 45.3 - 44.2 and 41.2 - 40.1 are the same figure, and differ in the last bits only.
    case when status in ('ok', 'preliminary') then round(rate, 9) end as value,
    numerator,
    denominator,
    status,
    source_status,
    reporter,
    is_small,
    load_id
from derived
