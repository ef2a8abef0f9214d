with

topics as (
    select * from {{ ref('stg_topics') }}
),

topic_terms as (
    select * from {{ ref('stg_topic_terms') }}
),

mention_topics as (
    select * from {{ ref('stg_mention_topics') }}
),

-- the brands of a mention don't matter here
mentions as (
    select * from {{ ref('mentions') }}
    where is_earned
    qualify row_number() over (partition by mention_id order by brand_id) = 1
),

term_lists as (
    select
        topic_id,
        string_agg(term, ' | ' order by term_rank) as terms
    from topic_terms
    group by topic_id
),

counted as (
    select
        mention_topics.topic_id,
        count(*) as mentions_count,
        count(distinct mentions.author_id) as authors_count,
        count(*) filter (where mentions.sentiment_label = 'positive') as positive_count,
        count(*) filter (where mentions.sentiment_label = 'neutral') as neutral_count,
        count(*) filter (where mentions.sentiment_label = 'negative') as negative_count,
        count(*) filter (where mentions.sentiment_label is null) as unscored_count,
        sum(mentions.engagement)::bigint as engagement_count,
        min(mentions.created_date) as first_mention_date,
        max(mentions.created_date) as last_mention_date,
        string_agg(mentions.mention_id, ' | ' order by mention_topics.similarity desc, mentions.mention_id asc)
        filter (where mention_topics.is_typical) as typical_mention_ids
    from mention_topics
    inner join mentions on mention_topics.mention_id = mentions.mention_id
    group by mention_topics.topic_id
),

final as (
    select
        topics.topic_id,
        topics.topic_name,
        topics.named_by,
        topics.topic_status,
        topics.merged_into,
        term_lists.terms,
        topics.born_date,
        counted.first_mention_date,
        counted.last_mention_date,
        coalesce(counted.mentions_count, 0) as mentions_count,
        coalesce(counted.authors_count, 0) as authors_count,
        coalesce(counted.positive_count, 0) as positive_count,
        coalesce(counted.neutral_count, 0) as neutral_count,
        coalesce(counted.negative_count, 0) as negative_count,
        coalesce(counted.unscored_count, 0) as unscored_count,
        counted.engagement_count,
        counted.typical_mention_ids,
        topics.topic_engine
    from topics
    left join term_lists on topics.topic_id = term_lists.topic_id
    left join counted on topics.topic_id = counted.topic_id
)

select * from final
