-- posts about our brands of both periods, and those of which no reader could tell what it looks for
with about_us as (
    select
        mention_id,
        any_value(created_date) >= $first_day as is_current,
        bool_and(sentiment_label is null) as is_unscored,
        bool_and(intents is null) as is_unread,
        bool_or(
            is_answered is not true
            and is_duplicate is not true
            and not list_has_any(flags, ['spam', 'scam', 'promotion'])
        ) as is_open
    from marts.mentions
    where
        is_earned
        and not is_competitor
        and created_date between $previous_first_day and $last_day
    group by mention_id
)

select
    count(*) as posts_of_both,
    count(*) filter (where about_us.is_open and about_us.is_unscored and about_us.is_unread) as unjudged_of_both,
    count(*) filter (where about_us.is_current) as posts,
    count(*) filter (where about_us.is_current and about_us.is_open and about_us.is_unscored) as open_unscored,
    count(*) filter (where about_us.is_current and about_us.is_unread) as unread,
    count(*) filter (where about_us.is_current and topics.mention_id is null) as unread_for_topics,
    (select count(*) from core.themes) as themes
from about_us
left join core.mention_topics as topics on about_us.mention_id = topics.mention_id
