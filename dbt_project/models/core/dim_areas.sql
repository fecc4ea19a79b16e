select area_code, kolada_code, scb_code, name_sv, area_type, parent_code, sort_order from {{ ref('stg_catalogue__areas') }}
