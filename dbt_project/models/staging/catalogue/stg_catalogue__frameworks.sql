select * from {{ source('catalogue', 'frameworks') }}
