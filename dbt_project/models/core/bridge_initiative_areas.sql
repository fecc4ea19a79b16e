select initiative_id, area_code from {{ ref('stg_initiatives__areas') }}
