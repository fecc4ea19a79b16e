select * from {{ source('catalogue', 'framework_areas') }}
