-- Kolada's group means are unweighted, so only the membership is used, never a group's value.
select
    group_id,
    trim(regexp_replace(title, '\s+', ' ', 'g')) as group_name_sv,
    case when title like 'Liknande %' then 'similar' else 'other' end as group_type,
    member_id as kolada_code
from {{ source('kolada', 'municipality_groups') }}
