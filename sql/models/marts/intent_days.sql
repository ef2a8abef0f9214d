with

mentions as (
    select * from {{ ref('mentions') }}
    where is_earned and brand_id is not null
),

mention_intents as (
    select * from {{ ref('mention_intents') }}
),

final as (
    select
        mention_intents.intent,
        mentions.brand_id,
        mentions.brand_name,
        mentions.is_competitor,
        mentions.created_date as day_date,
        mentions.source,
        mentions.network,
        count(*) as mentions_count,
        count(*) filter (where mentions.sentiment_label = 'positive') as positive_count,
        count(*) filter (where mentions.sentiment_label = 'neutral') as neutral_count,
        count(*) filter (where mentions.sentiment_label = 'negative') as negative_count,
        count(*) filter (where mentions.sentiment_label is null) as unscored_count,
        count(*) filter (where not mentions.is_answered) as unanswered_count
    from mentions
    inner join mention_intents on mentions.mention_id = mention_intents.mention_id
    group by
        mention_intents.intent,
        mentions.brand_id,
        mentions.brand_name,
        mentions.is_competitor,
        mentions.created_date,
        mentions.source,
        mentions.network
)

select * from final
