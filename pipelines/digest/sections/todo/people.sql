with active as (
    select
        author_id,
        brand_id,
        count(*) as period_count,
        first(url order by engagement desc nulls last, mention_id asc) as url
    from marts.mentions
    where
        is_earned
        and brand_id is not null
        and author_id is not null
        and created_date between $first_day and $last_day
    group by author_id, brand_id
)

select
    influencers.brand_id,
    influencers.network,
    influencers.handle,
    influencers.name,
    influencers.followers,
    influencers.mentions_count,
    influencers.positive_count,
    influencers.neutral_count,
    influencers.negative_count,
    influencers.unscored_count,
    influencers.engagement_count,
    influencers.addressed_by_count,
    influencers.rank,
    active.period_count,
    active.url,
    count(*) over (partition by influencers.brand_id) as people_count
from marts.influencers as influencers
inner join active using (author_id, brand_id)
qualify
    row_number() over (
        partition by influencers.brand_id
        order by influencers.rank, influencers.author_id
    ) <= $limit
order by influencers.is_competitor, influencers.brand_id, influencers.rank, influencers.author_id
