select * from {{ source('catalogue', 'goal_areas') }}
