select measure_id, rebase_date, reason_sv from {{ ref('stg_catalogue__rebases') }}
