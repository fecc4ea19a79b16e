-- A derived measure has no answer of its own: its snapshot is that of everything it is computed from.
select
    s.measure_id,
    s.source_id,
    s.snapshot_id,
    l.load_id,
    s.first_fetched_at at time zone 'UTC' as first_fetched_at,
    s.source_title,
    s.publication_date,
    s.publ_period,
    s.url,
    s.rows,
    l.running_since
from {{ source('landing', 'snapshots') }} as s
join {{ source('landing', 'loads') }} as l on l.measure_id = s.measure_id and l.source_id = s.source_id
where s.snapshot_id is not null
union all
select
    measure_id,
    'derived' as source_id,
    snapshot_id,
    load_id,
    first_fetched_at at time zone 'UTC' as first_fetched_at,
    null as source_title,
    null as publication_date,
    null as publ_period,
    null as url,
    null as rows,
    running_since
from {{ source('landing', 'derived_loads') }}
