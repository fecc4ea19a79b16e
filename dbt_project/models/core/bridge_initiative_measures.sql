select initiative_id, measure_id from {{ ref('stg_initiatives__measures') }}
