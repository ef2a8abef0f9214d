with our_brands as (
    select coalesce(list(distinct brand_id), []) as ids
    from marts.brand_days
    where not is_competitor
),

ours as (
    select
        *,
        case
            when flag = 'self-harm' then 0
            when severity = 'high' then 1
            when starts_with(flag, 'guideline:') then 2
            when severity = 'medium' then 3
            else 4
        end as place
    from marts.flagged_mentions
    where
        created_date between $first_day and $last_day
        and is_earned
        and (brands = [] or list_has_any(brands, (select our_brands.ids from our_brands)))
),

reasons as (
    select
        mention_id,
        min(place) as place,
        max(probability) as probability,
        list(flag order by place, flag) as flags,
        string_agg(evidence, ' | ' order by place, flag) as evidence
    from ours
    where place < 4 or is_confirmed
    group by mention_id
),

totals as (
    select count(*) as posts_count
    from reasons
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
    reasons.place,
    reasons.flags,
    reasons.evidence,
    totals.posts_count
from reasons
cross join totals
inner join marts.mentions as mentions on reasons.mention_id = mentions.mention_id
qualify row_number() over (partition by mentions.mention_id order by mentions.is_competitor, mentions.brand_id) = 1
order by
    reasons.place asc,
    reasons.probability desc nulls first,
    mentions.engagement desc nulls last,
    mentions.mention_id asc
limit $limit
