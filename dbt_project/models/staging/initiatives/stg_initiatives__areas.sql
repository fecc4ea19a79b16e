select * from {{ source('initiatives', 'areas') }}
