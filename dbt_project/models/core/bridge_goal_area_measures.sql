select framework_id, goal_area_id, measure_id, weight, is_proposal from {{ ref('stg_catalogue__goal_area_measures') }}
