select
    brand_id,
    day_date,
    sum(mentions_count)::bigint as mentions,
    sum(positive_count)::bigint as positive,
    sum(neutral_count)::bigint as neutral,
    sum(negative_count)::bigint as negative,
    sum(unscored_count)::bigint as unscored
from marts.brand_days
where day_date between $previous_first_day and $last_day
group by brand_id, day_date
order by brand_id, day_date
