{{ config(contract={'enforced': true}) }}
with weights as (
    {{ composite_links() }}
),

weighed as (
    select
        w.framework_id,
        w.goal_area_id,
        w.indicator_id,
        s.*,
        w.weight,
        w.is_proposal
    from weights as w
    join {{ ref('int_composite_scores') }} as s on s.measure_id = w.measure_id
),

-- How much of the weight is there.
there as (
    select
        framework_id,
        goal_area_id,
        indicator_id,
        area_code,
        year,
        {{ steady('sum', 'weight', 'measure_id') }} as weight_there
    from weighed
    group by framework_id, goal_area_id, indicator_id, area_code, year
),

-- Until when each of them has figures in the areas of the kind.
ended as (
    select
        w.framework_id,
        w.goal_area_id,
        w.indicator_id,
        s.area_type,
        w.measure_id,
        max(s.year) as newest_year
    from weights as w
    join (select distinct measure_id, area_type, year from {{ ref('int_composite_scores') }}) as s on s.measure_id = w.measure_id
    group by w.framework_id, w.goal_area_id, w.indicator_id, s.area_type, w.measure_id
),

-- A measure that had figures the year before is awaited; one that ended long ago is not.
awaited as (
    select distinct
        framework_id,
        goal_area_id,
        indicator_id,
        area_type,
        newest_year + 1 as year
    from ended
)

select
    w.framework_id,
    w.goal_area_id,
    w.indicator_id,
    w.area_code,
    w.year,
    w.measure_id,
    w.value,
    w.base_year,
    w.base_mean,
    w.base_deviation,
    w.score,
    w.weight / t.weight_there as share_of_weight,
    10 * w.score * w.weight / t.weight_there as contribution,
    round(t.weight_there / p.weight_expected, 9) as coverage,
    p.measures_expected,
    p.measures_listed,
    a.year is not null as is_preliminary,
    w.is_proposal,
    false as is_held,
    cast(null as varchar) as held_reason,
    cast(null as timestamp) as held_since
from weighed as w
join there as t
    on t.framework_id = w.framework_id
    and t.goal_area_id = w.goal_area_id
    and t.indicator_id = w.indicator_id
    and t.area_code = w.area_code
    and t.year = w.year
join {{ ref('int_composite_weights') }} as p
    on p.framework_id = w.framework_id
    and p.goal_area_id = w.goal_area_id
    and p.indicator_id = w.indicator_id
    and p.area_type = w.area_type
left join awaited as a
    on a.framework_id = w.framework_id
    and a.goal_area_id = w.goal_area_id
    and a.indicator_id = w.indicator_id
    and a.area_type = w.area_type
    and a.year = w.year
where round(t.weight_there / p.weight_expected, 9) >= 0.5  -- exactly half is enough, also where the sum of the weights is not exact
