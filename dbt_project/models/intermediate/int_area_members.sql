with members as (
    select
        group_id as whole_code,
        area_code as part_code
    from {{ ref('stg_catalogue__area_groups') }}
    where group_type = 'county_part'
    union all
    select
        parent_code as whole_code,
        area_code as part_code
    from {{ ref('stg_catalogue__areas') }}
    where area_type = 'municipality'
)

select
    whole_code,
    part_code,
    cast(count(*) over (partition by whole_code) as integer) as parts_expected
from members
