select
    n.initiative_id,
    n.measure_id
from {{ ref('stg_initiatives__measures') }} as n
join {{ ref('dim_initiatives') }} as i on i.initiative_id = n.initiative_id
join {{ ref('dim_measures') }} as m on m.measure_id = n.measure_id
