with praise as (
    select *
    from marts.mentions
    where
        is_earned
        and not is_competitor
        and sentiment_label = 'positive'
        and case
            when intents is null then compound >= 0.4
            else mention_id in (
                select wanted.mention_id from marts.mention_intents as wanted
                where wanted.intent = 'praise' and coalesce(wanted.probability, 1) >= 0.5
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
            order by reach desc, created_at asc, mention_id asc
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
    people.mention_id,
    left(people.title, 500) as title,
    left(people.text, 2000) as text,
    people.url,
    people.lang,
    people.network,
    people.community,
    people.author_handle,
    people.author_name,
    people.author_followers,
    people.created_at,
    people.likes,
    people.score,
    people.engagement,
    people.sentiment_label,
    people.compound,
    totals.posts_count,
    totals.people_count
from people
cross join totals
where people.place_with_author = 1
order by people.reach desc, people.created_at asc, people.mention_id asc
limit $limit
