select * from {{ source('catalogue', 'area_groups') }}
