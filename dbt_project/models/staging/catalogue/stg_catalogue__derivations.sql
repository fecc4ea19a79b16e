select * from {{ source('catalogue', 'derivations') }}
