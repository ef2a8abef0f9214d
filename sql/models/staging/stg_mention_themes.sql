select
    mention_id,
    theme_id,
    terms as matched_terms,
    engine || ' ' || engine_version as theme_engine
from {{ source('core', 'mention_themes') }}
