with ours as (
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
    where created_date between $first_day and $last_day
        and is_team is not true
        and not is_repost
        and (
            brands = []
            or list_has_any(
                brands, (select coalesce(list(distinct brand_id), []) from marts.brand_days where not is_competitor)
            )
        )
),

told as (
    select
        mention_id,
        min(place) as place,
        max(probability) as probability,
        list(flag order by place, flag) as flags,
        string_agg(evidence, ' | ' order by place, flag) as evidence
    from ours
    where place < 4 or is_confirmed
    group by mention_id
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
    told.place,
    told.flags,
    told.evidence,
    (select count(*) from told) as posts_count
from told
inner join marts.mentions as mentions using (mention_id)
qualify row_number() over (partition by mentions.mention_id order by mentions.is_competitor, mentions.brand_id) = 1
order by told.place, told.probability desc nulls first, mentions.engagement desc nulls last, mentions.mention_id
limit $limit
