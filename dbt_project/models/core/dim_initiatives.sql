-- A framework that has left the catalogue takes its initiatives along; the register itself is kept as it came.
select
    i.initiative_id,
    i.framework_id,
    i.name_sv,
    i.description_sv,
    i.owner_sv,
    i.start_date,
    i.introduced_date,
    i.is_made_up,
    i.organisations_sv,
    i.focus_areas,
    i.test_end_date,
    i.decision_sv,
    i.status
from {{ ref('stg_initiatives__initiatives') }} as i
join {{ ref('dim_frameworks') }} as f on f.framework_id = i.framework_id
