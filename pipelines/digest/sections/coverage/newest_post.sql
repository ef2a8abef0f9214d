select max(last_post_at) as newest_post_at
from marts.coverage
where window_start < $end_at and window_end > $start_at
