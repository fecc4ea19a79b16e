select * from {{ source('catalogue', 'breaks') }}
