select
    brand_id,
    day_date >= $first_day as is_current,
    sum(mentions_count)::bigint as mentions,
    sum(positive_count)::bigint as positive,
    sum(neutral_count)::bigint as neutral,
    sum(negative_count)::bigint as negative,
    sum(unscored_count)::bigint as unscored
from marts.brand_days
where
    day_date between $previous_first_day and $last_day
    and source in (select unnest($sources))
group by brand_id, is_current
order by brand_id, is_current
