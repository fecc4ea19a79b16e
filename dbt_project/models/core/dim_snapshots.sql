select
    snapshot_id,
    measure_id,
    source_id,
    first_fetched_at,
    url,
    source_title,
    rows as row_count
from {{ ref('stg_landing__loads') }}
