with posts as (
    select distinct
        mention_id,
        author_id
    from marts.mentions
    where
        is_earned
        and brand_id is not null
        and created_date between $first_day and $last_day
)

select
    count(*) as posts,
    count(*) filter (where author_id is null) as without_author
from posts
