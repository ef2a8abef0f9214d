select
    theme_id,
    name as theme_name
from {{ source('core', 'themes') }}
