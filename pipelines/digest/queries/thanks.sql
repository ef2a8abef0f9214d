with praise as (
    select *
    from marts.mentions
    where is_earned
        and not is_competitor
        and sentiment_label = 'positive'
        and case
            when intents is null then compound >= 0.4
            else mention_id in (
                select mention_id from marts.mention_intents
                where intent = 'praise' and coalesce(probability, 1) >= 0.5
            )
        end
        and not list_has_any(flags, ['spam', 'scam', 'promotion'])
        and is_answered is not true
        and is_duplicate is not true
        and created_date between $first_day and $last_day
    qualify row_number() over (partition by mention_id order by brand_id) = 1
),

ranked as (
    select
        *,
        round(log10(1 + coalesce(engagement, 0)) + log10(1 + coalesce(author_followers, 0)) / 2, 6) as reach
    from praise
),

people as (
    select
        *,
        row_number() over (
            partition by coalesce(author_id, mention_id)
            order by reach desc, created_at, mention_id
        ) as place_with_author
    from ranked
),

totals as (
    select
        count(*) as posts_count,
        count(distinct coalesce(author_id, mention_id)) as people_count
    from ranked
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
    author_followers,
    created_at,
    likes,
    score,
    engagement,
    sentiment_label,
    compound,
    posts_count,
    people_count
from people
cross join totals
where place_with_author = 1
order by reach desc, created_at, mention_id
limit $limit
