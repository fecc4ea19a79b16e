select
    a.initiative_id,
    a.area_code
from {{ ref('stg_initiatives__areas') }} as a
join {{ ref('dim_initiatives') }} as i on i.initiative_id = a.initiative_id
join {{ ref('dim_areas') }} as d on d.area_code = a.area_code
