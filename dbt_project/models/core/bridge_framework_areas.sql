select framework_id, area_code from {{ ref('stg_catalogue__framework_areas') }}
