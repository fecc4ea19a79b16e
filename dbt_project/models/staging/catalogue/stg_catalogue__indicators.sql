select * from {{ source('catalogue', 'indicators') }}
