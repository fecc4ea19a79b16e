select * from {{ source('catalogue', 'survey_waves') }}
