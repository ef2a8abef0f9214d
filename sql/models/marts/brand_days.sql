with

mentions as (
    select * from {{ ref('mentions') }}
    where brand_id is not null
),

-- every row is counted in one of mentions_count, reposts_count, team_count and deleted_count
final as (
    select
        brand_id,
        brand_name,
        is_competitor,
        created_date as day_date,
        source,
        network,
        count(*) filter (where is_earned) as mentions_count,
        count(*) filter (where deleted_at is null and not coalesce(is_team, false) and is_repost) as reposts_count,
        count(*) filter (where deleted_at is null and is_team) as team_count,
        count(*) filter (where deleted_at is not null) as deleted_count,
        count(distinct author_id) filter (where is_earned) as authors_count,
        count(*) filter (where is_earned and sentiment_label = 'positive') as positive_count,
        count(*) filter (where is_earned and sentiment_label = 'neutral') as neutral_count,
        count(*) filter (where is_earned and sentiment_label = 'negative') as negative_count,
        count(*) filter (where is_earned and sentiment_label is null) as unscored_count,
        sum(engagement) filter (where is_earned)::bigint as engagement_count,
        sum(views) filter (where is_earned)::bigint as views_count
    from mentions
    group by
        brand_id,
        brand_name,
        is_competitor,
        created_date,
        source,
        network
)

select * from final
