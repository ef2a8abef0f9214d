-- positive + neutral + negative + unscored = mentions, in every mart that has them
with

counts as (
    select
        'brand_days' as mart,
        mentions_count,
        positive_count + neutral_count + negative_count + unscored_count as sentiment_count
    from {{ ref('brand_days') }}
    union all
    select
        'theme_days' as mart,
        mentions_count,
        positive_count + neutral_count + negative_count + unscored_count as sentiment_count
    from {{ ref('theme_days') }}
    union all
    select
        'topics' as mart,
        mentions_count,
        positive_count + neutral_count + negative_count + unscored_count as sentiment_count
    from {{ ref('topics') }}
    union all
    select
        'topic_days' as mart,
        mentions_count,
        positive_count + neutral_count + negative_count + unscored_count as sentiment_count
    from {{ ref('topic_days') }}
    union all
    select
        'influencers' as mart,
        mentions_count,
        positive_count + neutral_count + negative_count + unscored_count as sentiment_count
    from {{ ref('influencers') }}
),

differences as (
    select * from counts
    where mentions_count != sentiment_count
)

select * from differences
