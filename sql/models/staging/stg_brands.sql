select
    brand_id,
    name as brand_name,
    is_competitor,
    query_version
from {{ source('core', 'brands') }}
