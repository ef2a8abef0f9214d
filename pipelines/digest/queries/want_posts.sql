with wanted as (
    select
        mentions.*,
        intent.intent,
        intents[1] = intent.intent and length(concat_ws(' ', title, text)) > 60 as is_clear,
        row_number() over (
            partition by intent.intent, coalesce(mentions.author_id, mentions.mention_id)
            order by
                mentions.intents[1] = intent.intent and length(concat_ws(' ', title, text)) > 60 desc,
                mentions.engagement desc nulls last,
                mentions.created_at desc,
                mentions.mention_id
        ) as place_with_author
    from marts.mentions as mentions, unnest(mentions.intents) as intent (intent)
    where mentions.is_earned
        and not mentions.is_competitor
        and mentions.is_duplicate is not true
        and mentions.created_date between $first_day and $last_day
        and intent.intent in (select unnest($intents))
        and not list_has_any(mentions.flags, ['spam', 'scam', 'promotion', 'personal-data'])
    qualify row_number() over (partition by mentions.mention_id, intent.intent order by mentions.brand_id) = 1
)

select
    intent,
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
from wanted
where place_with_author = 1
qualify row_number() over (
    partition by intent
    order by is_clear desc, engagement desc nulls last, created_at desc, mention_id
) <= $limit
order by intent, is_clear desc, engagement desc nulls last, created_at desc, mention_id
