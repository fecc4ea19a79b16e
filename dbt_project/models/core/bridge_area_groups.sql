select group_id, group_name_sv, group_type, area_code from {{ ref('stg_catalogue__area_groups') }}
union all
select
    g.group_id,
    g.group_name_sv,
    g.group_type,
    a.area_code
from {{ ref('stg_kolada__groups') }} as g
join {{ ref('stg_catalogue__areas') }} as a on a.kolada_code = g.kolada_code
