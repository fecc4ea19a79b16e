select
    i.*,
    h.is_demo as is_made_up
from {{ source('initiatives', 'initiatives') }} as i
cross join {{ source('landing', 'home') }} as h
