with wanted as (
    select
        unnest($intents) as intent,
        unnest($least) as least
),

sure as (
    -- of what a person said there is no probability, and no doubt
    select
        intents.mention_id,
        intents.intent,
        coalesce(intents.probability, 1) as probability
    from marts.mention_intents as intents
    inner join wanted on intents.intent = wanted.intent
    where coalesce(intents.probability, 1) >= wanted.least
),

-- one tenth of probability weighs as much as ten times the reactions, or as a length that tells something and is read
posts as (
    select
        mentions.*,
        sure.intent,
        round(
            sure.probability
            + 0.1 * log10(1 + coalesce(mentions.engagement, 0))
            + 0.1 * (length(concat_ws(' ', mentions.title, mentions.text)) between 60 and 600)::integer
            + 0.1 * coalesce(mentions.intents[1] = sure.intent, false)::integer,
            6
        ) as worth
    from marts.mentions as mentions
    inner join sure on mentions.mention_id = sure.mention_id
    where
        mentions.is_earned
        and not mentions.is_competitor
        and mentions.is_duplicate is not true
        and mentions.created_date between $first_day and $last_day
        and not list_has_any(mentions.flags, ['spam', 'scam', 'promotion', 'personal-data'])
    qualify row_number() over (partition by mentions.mention_id, sure.intent order by mentions.brand_id) = 1
),

authors as (
    select *
    from posts
    qualify row_number() over (
        partition by intent, coalesce(author_id, mention_id)
        order by worth desc, created_at desc, mention_id asc
    ) = 1
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
from authors
qualify row_number() over (partition by intent order by worth desc, created_at desc, mention_id asc) <= $limit
order by intent asc, worth desc, created_at desc, mention_id asc
