select
    measure_id,
    area_code,
    period_start,
    period_end,
    sex,
    age_group,
    reporter,
    value
from {{ source('memory', 'shown_cells') }}
