select * from {{ source('catalogue', 'sources') }}
