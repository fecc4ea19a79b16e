select * from {{ source('catalogue', 'goal_area_measures') }}
