select
    measure_id,
    snapshot_id,
    area_code,
    period_start,
    period_end,
    period_label,
    sex,
    age_group,
    value,
    numerator,
    denominator,
    answers,
    status,
    source_status,
    reporter,
    since as since_date
from {{ source('local', 'observations') }}
