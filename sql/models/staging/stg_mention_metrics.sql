select
    mention_id,
    observed_date,
    likes,
    replies,
    reposts,
    quotes,
    views,
    score
from {{ source('core', 'mention_metrics') }}
