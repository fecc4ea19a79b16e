-- Made-up rows never leave a demo: the home itself says whether it is one.
select
    i.*
from {{ ref('made_up_initiative_measures') }} as i
cross join {{ source('landing', 'home') }} as h
where h.is_demo
