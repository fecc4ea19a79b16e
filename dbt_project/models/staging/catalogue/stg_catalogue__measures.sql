select * from {{ source('catalogue', 'measures') }}
