select
    source,
    sum(quarantined_count)::bigint as records
from marts.coverage
where
    window_start < $end_at and window_end > $start_at
    and quarantined_count > 0
group by source
order by records desc, source asc
