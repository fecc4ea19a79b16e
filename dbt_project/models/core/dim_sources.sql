select source_id, name_sv, name_en, description_sv, url, docs_url, attribution, licence, licence_url, contact_sv from {{ ref('stg_catalogue__sources') }}
