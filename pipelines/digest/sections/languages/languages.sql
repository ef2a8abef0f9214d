select
    lang,
    sentiment_reason as reason,
    count(distinct mention_id) filter (where sentiment_label is not null) as scored,
    count(distinct mention_id) filter (where sentiment_label is null) as unscored
from marts.mentions
where
    is_earned
    and brand_id is not null
    and created_date between $first_day and $last_day
group by lang, sentiment_reason
order by unscored desc, scored desc, lang asc nulls last, sentiment_reason asc
