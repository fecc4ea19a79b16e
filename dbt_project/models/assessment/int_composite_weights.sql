-- Left out is what by its nature can never be in an index of the kind of area: a measure without a better direction, a yes or no, one of another kind
-- of area only, a retired one whose successor is there, and a draft, which is not for readers. All else that the framework lists is expected: what is
-- planned, what has ended without a successor, what is local (fewer than ten areas have no standard deviation), a count (it lacks a denominator), and
-- an indicator without any measure, which counts as one of weight 1.
with weights as (
    {{ composite_links() }}
),

kinds as (
    select 'region' as area_type
    union all
    select 'municipality' as area_type
),

listed as (
    select
        w.framework_id,
        w.goal_area_id,
        w.indicator_id,
        k.area_type,
        w.measure_id,
        w.weight,
        m.direction <> 'neutral'
        and m.value_type <> 'yes_no'
        and (m.status <> 'retired' or m.replaced_by is null)
        and concat(',', m.area_types, ',') like concat('%,', k.area_type, ',%') as is_expected,
        s.measure_id is not null as has_score
    from weights as w
    join {{ ref('dim_measures') }} as m on m.measure_id = w.measure_id and m.status <> 'draft'
    cross join kinds as k
    left join (select distinct measure_id, area_type from {{ ref('int_composite_scores') }}) as s
        on s.measure_id = w.measure_id and s.area_type = k.area_type
    union all
    select
        i.framework_id,
        i.goal_area_id,
        'all' as indicator_id,
        k.area_type,
        concat('no measure of ', i.indicator_id) as measure_id,
        1.0 as weight,
        true as is_expected,
        false as has_score
    from {{ ref('dim_indicators') }} as i
    cross join kinds as k
    where not exists (
        select 1
        from {{ ref('bridge_indicator_measures') }} as b
        join {{ ref('dim_measures') }} as m on m.measure_id = b.measure_id and m.status <> 'draft'
        where b.framework_id = i.framework_id and b.indicator_id = i.indicator_id
    )
)

select
    framework_id,
    goal_area_id,
    indicator_id,
    area_type,
    {{ steady('sum', 'case when is_expected or has_score then weight else 0 end', 'measure_id') }} as weight_expected,
    count(case when is_expected or has_score then 1 end) as measures_expected,
    count(*) as measures_listed
from listed
group by framework_id, goal_area_id, indicator_id, area_type
