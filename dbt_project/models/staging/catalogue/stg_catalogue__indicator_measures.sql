select * from {{ source('catalogue', 'indicator_measures') }}
