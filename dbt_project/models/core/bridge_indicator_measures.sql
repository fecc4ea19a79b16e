select framework_id, indicator_id, measure_id, weight, official_name_sv, is_proposal, system_level from {{ ref('stg_catalogue__indicator_measures') }}
