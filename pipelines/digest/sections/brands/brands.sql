select distinct
    brand_id,
    brand_name,
    is_competitor
from marts.brand_days
order by is_competitor, brand_name, brand_id
