select
    initiative_id,
    framework_id,
    name_sv,
    description_sv,
    owner_sv,
    start_date,
    introduced_date,
    is_made_up
from {{ ref('stg_initiatives__initiatives') }}
