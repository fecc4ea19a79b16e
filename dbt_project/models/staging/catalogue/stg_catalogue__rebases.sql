select * from {{ source('catalogue', 'rebases') }}
