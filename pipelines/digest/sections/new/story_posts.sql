select
    mention_id,
    left(title, 500) as title,
    left(text, 20000) as text,
    url,
    lang,
    network,
    community,
    author_handle,
    author_name,
    created_at,
    likes,
    score,
    engagement,
    sentiment_label,
    compound,
    $item as matched_terms
from marts.mentions
where
    mention_id in (select unnest($ids))
    and deleted_at is null
    and not list_has_any(flags, ['spam', 'scam', 'promotion', 'personal-data'])
qualify row_number() over (partition by mention_id order by is_competitor, brand_id) = 1
order by engagement desc nulls last, created_at asc, mention_id asc
limit $limit
