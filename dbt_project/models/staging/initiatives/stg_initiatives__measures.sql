select * from {{ source('initiatives', 'measures') }}
