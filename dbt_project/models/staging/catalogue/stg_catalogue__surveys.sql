select * from {{ source('catalogue', 'surveys') }}
