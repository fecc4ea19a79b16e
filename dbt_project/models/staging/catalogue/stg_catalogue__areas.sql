select * from {{ source('catalogue', 'areas') }}
