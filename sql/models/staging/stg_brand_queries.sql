select
    brand_id,
    query_version,
    query,
    first_window_start,
    last_window_end
from {{ source('core', 'brand_queries') }}
