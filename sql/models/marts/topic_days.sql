with

mentions as (
    select * from {{ ref('mentions') }}
    where is_earned
),

mention_topics as (
    select * from {{ ref('stg_mention_topics') }}
),

topics as (
    select * from {{ ref('stg_topics') }}
),

final as (
    select
        mention_topics.topic_id,
        topics.topic_name,
        mentions.brand_id,
        mentions.brand_name,
        mentions.is_competitor,
        mentions.created_date as day_date,
        count(*) as mentions_count,
        count(distinct mentions.author_id) as authors_count,
        count(*) filter (where mentions.sentiment_label = 'positive') as positive_count,
        count(*) filter (where mentions.sentiment_label = 'neutral') as neutral_count,
        count(*) filter (where mentions.sentiment_label = 'negative') as negative_count,
        count(*) filter (where mentions.sentiment_label is null) as unscored_count,
        sum(mentions.engagement)::bigint as engagement_count
    from mention_topics
    inner join mentions on mention_topics.mention_id = mentions.mention_id
    inner join topics on mention_topics.topic_id = topics.topic_id
    group by
        mention_topics.topic_id,
        topics.topic_name,
        mentions.brand_id,
        mentions.brand_name,
        mentions.is_competitor,
        mentions.created_date
)

select * from final
