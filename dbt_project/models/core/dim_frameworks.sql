select framework_id, name_sv, name_en, description_sv, county_code, sort_order from {{ ref('stg_catalogue__frameworks') }}
