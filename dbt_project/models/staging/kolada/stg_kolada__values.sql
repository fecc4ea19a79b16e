-- Genders come in any order and not all are there, so each is a row of its own; a null keeps the reason Kolada gave for it.
select
    measure_id,
    snapshot_id,
    kpi as source_code,
    municipality as kolada_code,
    period as year,
    case gender when 'T' then 'total' when 'K' then 'women' when 'M' then 'men' end as sex,
    value,
    nullif(trim(status), '') as source_status,
    {{ kolada_status('value', 'status') }} as status
from {{ source('kolada', 'observations') }}
where not is_deleted
