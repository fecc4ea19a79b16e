-- Made-up rows never leave a demo: the home itself says whether it is one.
select
    i.*,
    true as is_made_up
from {{ ref('made_up_initiatives') }} as i
cross join {{ source('landing', 'home') }} as h
where h.is_demo
