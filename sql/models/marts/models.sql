select * from {{ ref('stg_models') }}
