with about_us as (
    select
        mention_brand_id,
        mention_id,
        coalesce(author_id, mention_id) as person,
        created_at,
        created_date,
        coalesce(sentiment_label = 'negative', false) as is_negative,
        coalesce(
            list_contains(intents, 'question'),
            regexp_matches(concat_ws(' ', title, text, ' '), '[?？؟][^[:alnum:]/=&%_.-]')
        ) as is_question,
        list_filter(
            coalesce(intents, []),
            lambda intent: intent in ('complaint', 'request', 'bug_report', 'purchase_intent', 'churn_risk')
        ) as wants,
        list_has_any(flags, ['spam', 'scam', 'promotion']) as is_spam,
        greatest(0, date_diff('hour', created_at, $until)) as waiting_hours,
        2 * log10(1 + coalesce(engagement, 0))
            + if(matched_by = 'term', 1, 0)
            + if(parent_id is null, 1, 0) as weight,
        coalesce(-2 * compound, 0) as negativity
    from marts.mentions
    where is_earned
        and not is_competitor
        and is_answered is not true
        and is_duplicate is not true
        and created_date between $previous_first_day and $last_day
    qualify row_number() over (partition by mention_id order by brand_id) = 1
),

waiting as (
    select
        *,
        weight
            + least(waiting_hours / 24, 14) / 4
            + if(is_negative, negativity, 0)
            + if(is_question, 1, 0)
            + if(list_contains(wants, 'churn_risk'), 2, 0)
            + if(list_contains(wants, 'purchase_intent'), 1, 0)
            + if(list_has_any(wants, ['complaint', 'bug_report']), 1, 0) as urgency
    from about_us
    where (is_negative or is_question or len(wants) > 0)
        and not is_spam
),

people as (
    select
        mention_brand_id,
        is_negative,
        is_question,
        wants,
        waiting_hours,
        round(urgency, 6) as urgency,
        count(*) over (partition by person) as posts_of_author
    from waiting
    qualify row_number() over (partition by person order by urgency desc, created_at, mention_id) = 1
),

totals as (
    select
        count(*) as posts_count,
        count(distinct person) as people_count,
        count(*) filter (where is_negative) as negative_count,
        count(*) filter (where is_question) as question_count,
        count(*) filter (where created_date < $first_day) as earlier_count,
        (select count(*) from about_us where is_spam) as spam_count
    from waiting
)

select
    mentions.mention_id,
    left(mentions.title, 500) as title,
    left(mentions.text, 2000) as text,
    mentions.url,
    mentions.lang,
    mentions.network,
    mentions.community,
    mentions.author_handle,
    mentions.author_name,
    mentions.created_at,
    mentions.likes,
    mentions.score,
    mentions.engagement,
    mentions.sentiment_label,
    mentions.compound,
    people.is_negative,
    people.is_question,
    people.wants,
    people.waiting_hours,
    people.urgency,
    people.posts_of_author,
    totals.posts_count,
    totals.people_count,
    totals.negative_count,
    totals.question_count,
    totals.earlier_count,
    totals.spam_count
from people
inner join marts.mentions as mentions using (mention_brand_id)
cross join totals
order by people.urgency desc, mentions.created_at, mentions.mention_id
limit $limit
