-- posts that speak of our brands or of none, and those in which the words of no list can be found
with posts as (
    select
        mention_id,
        any_value(lang) as lang,
        bool_and(title is null and text is null) as is_wordless
    from marts.mentions
    where
        created_date between $first_day and $last_day
        and is_earned
    group by mention_id
    having bool_or(brand_id is null or not is_competitor)
)

select
    count(*) as posts,
    count(*) filter (where is_wordless or (lang is not null and lang not in (select unnest($languages)))) as unread
from posts
