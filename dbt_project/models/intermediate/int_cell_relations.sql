-- Only what comes in files is protected here, so only its relations are listed.
with cells as (
    select
        o.measure_id,
        o.area_code,
        o.period_start,
        o.period_end,
        o.period_months,
        o.sex,
        o.age_group,
        o.reporter,
        o.is_aggregated
    from {{ ref('int_observations_measured') }} as o
    join {{ ref('stg_catalogue__measures') }} as m on m.measure_id = o.measure_id
    where o.reporter <> 'source' and (m.value_type = 'count' or m.per is not null)
),

-- A county is divided twice: into municipalities and into county parts.
divisions as (
    select
        'municipalities' as relation_type,
        whole_code,
        part_code,
        parts_expected
    from {{ ref('int_area_members') }}
    union all
    select
        'county_parts' as relation_type,
        parent_code as whole_code,
        area_code as part_code,
        count(*) over (partition by parent_code) as parts_expected
    from {{ ref('stg_catalogue__areas') }}
    where area_type = 'county_part'
),

components as (
    select
        case when numerator is not null then 'numerator' else 'components' end as relation_type,
        measure_id,
        coalesce(numerator, part) as part_measure_id,
        count(*) over (partition by measure_id) as parts_expected
    from {{ ref('stg_catalogue__derivations') }}
    where numerator is not null or combine = 'sum'
),

pairs as (
    select d.relation_type, t.*, p.measure_id as part_measure_id, p.area_code as part_area_code, p.period_start as part_period_start,
        p.period_end as part_period_end, p.sex as part_sex, d.parts_expected, t.is_aggregated as is_computed
    from cells as t
    join divisions as d on d.whole_code = t.area_code
    join cells as p
        on p.area_code = d.part_code and p.measure_id = t.measure_id and p.period_start = t.period_start and p.period_end = t.period_end
        and p.sex = t.sex and p.age_group = t.age_group and p.reporter = t.reporter
    union all
    select 'sexes', t.*, p.measure_id, p.area_code, p.period_start, p.period_end, p.sex, 2, false
    from cells as t
    join cells as p
        on p.sex <> 'total' and p.measure_id = t.measure_id and p.area_code = t.area_code and p.period_start = t.period_start
        and p.period_end = t.period_end and p.age_group = t.age_group and p.reporter = t.reporter
    where t.sex = 'total'
    union all
    select 'periods', t.*, p.measure_id, p.area_code, p.period_start, p.period_end, p.sex, t.period_months / p.period_months, true
    from cells as t
    join cells as p
        on p.period_months < t.period_months and p.period_start >= t.period_start and p.period_end <= t.period_end
        and p.measure_id = t.measure_id and p.area_code = t.area_code and p.sex = t.sex and p.age_group = t.age_group and p.reporter = t.reporter
    -- Twelve months of a sum over areas are the municipalities' twelve months, which need not be those of its own months where one has gaps.
    where not t.is_aggregated
    union all
    select c.relation_type, t.*, p.measure_id, p.area_code, p.period_start, p.period_end, p.sex, c.parts_expected, true
    from cells as t
    join components as c on c.measure_id = t.measure_id
    join cells as p
        on p.measure_id = c.part_measure_id and p.area_code = t.area_code and p.period_start = t.period_start and p.period_end = t.period_end
        and p.sex = t.sex and p.age_group = t.age_group and p.reporter = t.reporter
)

select
    relation_type,
    measure_id,
    area_code,
    period_start,
    period_end,
    sex,
    age_group,
    reporter,
    part_measure_id,
    part_area_code,
    part_period_start,
    part_period_end,
    part_sex,
    count(*) over (
        partition by relation_type, measure_id, area_code, period_start, period_end, sex, age_group, reporter
    ) = parts_expected as is_complete,
    is_computed
from pairs
