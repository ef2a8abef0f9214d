select
    source,
    labels_count,
    learned_recall,
    compared_with,
    compared_recall
from marts.models
where task = 'sentiment' and is_used
order by source
