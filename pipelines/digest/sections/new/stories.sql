with known_brands as (
    select distinct
        brand_id,
        is_competitor
    from marts.brand_days
),

leads as (
    select
        emerging.*,
        case
            when emerging.brand_id is null then 1
            when brands.is_competitor then 2
            else 0
        end as remoteness
    from marts.emerging as emerging
    left join known_brands as brands on emerging.brand_id = brands.brand_id
    where
        emerging.day_date between $first_day and $last_day
        and emerging.is_lead
),

episodes as (
    select
        brand_id,
        episode_id,
        arg_max(brand_name, people_count) as brand_name,
        arg_max(kind, people_count) as kind,
        arg_max(item_name, people_count) as item_name,
        arg_max(example_ids, people_count) as example_ids,
        arg_max(usual_low, people_count) as usual_low,
        arg_max(usual_high, people_count) as usual_high,
        min(remoteness) as remoteness,
        sum(mentions_count)::bigint as mentions_count,
        max(people_count) as most_people,
        min(first_date) as first_date,
        max(day_date) as last_date,
        bool_or(is_new) as is_new,
        bool_and(is_copied) as is_copied,
        min(p_value) as p_value
    from leads
    group by brand_id, episode_id
),

told_once as (
    select *
    from episodes
    qualify row_number() over (partition by item_name order by remoteness asc, most_people desc, brand_id asc) = 1
)

select
    * exclude (p_value, remoteness),
    remoteness = 2 as is_competitor,
    count(*) over () as stories_count
from told_once
order by remoteness = 2, p_value asc, most_people desc, item_name asc
limit $limit
