select framework_id, goal_area_id, name_sv, name_en, description_sv, sort_order from {{ ref('stg_catalogue__goal_areas') }}
