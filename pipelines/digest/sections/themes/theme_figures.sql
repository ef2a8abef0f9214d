select
    theme_id,
    any_value(theme_name) as theme_name,
    brand_id,
    any_value(brand_name) as brand_name,
    is_competitor,
    day_date >= $first_day as is_current,
    sum(mentions_count)::bigint as mentions,
    sum(positive_count)::bigint as positive,
    sum(neutral_count)::bigint as neutral,
    sum(negative_count)::bigint as negative,
    sum(unscored_count)::bigint as unscored
from marts.theme_days
where
    day_date between $previous_first_day and $last_day
    and source in (select unnest($sources))
group by theme_id, brand_id, is_competitor, is_current
order by is_competitor, brand_id, theme_id, is_current
