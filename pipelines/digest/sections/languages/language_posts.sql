with unscored as (
    select *
    from marts.mentions
    where
        is_earned
        and brand_id is not null
        and sentiment_label is null
        and lang is not null
        and text is not null
        and is_duplicate is not true
        and not list_has_any(flags, ['spam', 'scam', 'promotion'])
        and created_date between $first_day and $last_day
    qualify row_number() over (partition by mention_id order by is_competitor, brand_id) = 1
)

select
    mention_id,
    left(title, 500) as title,
    left(text, 2000) as text,
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
    compound
from unscored
qualify
    row_number() over (
        partition by lang
        order by is_competitor asc, engagement desc nulls last, created_at desc, mention_id asc
    ) = 1
order by lang
