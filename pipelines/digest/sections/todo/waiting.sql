-- what each post wants likelier than not; of what a person said there is no probability, and no doubt
with likely as (
    select
        mention_id,
        list(intent) as intents,
        list(intent order by coalesce(probability, 1) desc, intent) filter (
            where intent in ('complaint', 'request', 'bug_report', 'purchase_intent', 'churn_risk')
        ) as wants
    from marts.mention_intents
    where coalesce(probability, 1) >= 0.5
    group by mention_id
),

about_us as (
    select
        mentions.mention_brand_id,
        mentions.mention_id,
        coalesce(mentions.author_id, mentions.mention_id) as person,
        mentions.created_at,
        mentions.created_date,
        coalesce(mentions.sentiment_label = 'negative', false) as is_negative,
        case
            when mentions.intents is not null then coalesce(list_contains(likely.intents, 'question'), false)
            else regexp_matches(concat_ws(' ', mentions.title, mentions.text, ' '), '[?？؟][^[:alnum:]/=&%_.-]')
        end as is_question,
        coalesce(likely.wants, []) as wants,
        list_has_any(mentions.flags, ['spam', 'scam', 'promotion']) as is_spam,
        greatest(0, date_diff('hour', mentions.created_at, $until)) as waiting_hours,
        2 * log10(1 + coalesce(mentions.engagement, 0))
        + if(mentions.matched_by = 'term', 1, 0)
        + if(mentions.parent_id is null, 1, 0) as weight,
        coalesce(-2 * mentions.compound, 0) as negativity
    from marts.mentions as mentions
    left join likely on mentions.mention_id = likely.mention_id
    where
        mentions.is_earned
        and not mentions.is_competitor
        and mentions.is_answered is not true
        and mentions.is_duplicate is not true
        and mentions.created_date between $previous_first_day and $last_day
    qualify row_number() over (partition by mentions.mention_id order by mentions.brand_id) = 1
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
    where
        (is_negative or is_question or len(wants) > 0)
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
    qualify row_number() over (partition by person order by urgency desc, created_at asc, mention_id asc) = 1
),

totals as (
    select
        count(*) as posts_count,
        count(distinct person) as people_count,
        count(*) filter (where is_negative) as negative_count,
        count(*) filter (where is_question) as question_count,
        count(*) filter (where created_date < $first_day) as earlier_count,
        (select count(*) filter (where about_us.is_spam) from about_us) as spam_count
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
inner join marts.mentions as mentions on people.mention_brand_id = mentions.mention_brand_id
cross join totals
order by people.urgency desc, mentions.created_at asc, mentions.mention_id asc
limit $limit
