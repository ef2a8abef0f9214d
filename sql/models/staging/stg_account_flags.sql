select
    author_id,
    flag,
    probability,
    evidence,
    engine || ' ' || engine_version as flag_engine
from {{ source('core', 'account_flags') }}
