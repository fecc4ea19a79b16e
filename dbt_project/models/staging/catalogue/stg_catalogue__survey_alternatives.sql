select * from {{ source('catalogue', 'survey_alternatives') }}
