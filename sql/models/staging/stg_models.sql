select
    task,
    source,
    engine || ' ' || engine_version as model_engine,
    compared_with,
    labels_count,
    learned_recall,
    compared_recall,
    difference_low,
    difference_high,
    is_used,
    why
from {{ source('core', 'models') }}
