select
    measure_id,
    area_code,
    period_start,
    period_end,
    sex,
    age_group,
    reporter
from {{ source('memory', 'hidden_cells') }}
