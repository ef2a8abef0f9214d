with

mentions as (
    select * from {{ ref('stg_mentions') }}
),

brand_mentions as (
    select * from {{ ref('stg_brand_mentions') }}
),

brands as (
    select * from {{ ref('stg_brands') }}
),

authors as (
    select * from {{ ref('stg_authors') }}
),

metrics as (
    select * from {{ ref('stg_mention_metrics') }}
),

sentiment as (
    select * from {{ ref('stg_sentiment') }}
),

mention_themes as (
    select * from {{ ref('stg_mention_themes') }}
),

mention_intents as (
    select * from {{ ref('mention_intents') }}
),

mention_flags as (
    select * from {{ ref('stg_mention_flags') }}
),

mention_tones as (
    select * from {{ ref('stg_mention_tones') }}
),

mention_topics as (
    select * from {{ ref('stg_mention_topics') }}
),

duplicates as (
    select * from {{ ref('stg_duplicates') }}
),

-- of a brand what is said of that brand counts, else the whole text; what a person says of either stands above engines
told_sentiment as (
    select
        mentions.mention_id,
        brand_mentions.brand_id,
        sentiment.target as sentiment_target,
        sentiment.sentiment_label,
        sentiment.compound,
        sentiment.sentiment_reason,
        sentiment.sentiment_engine
    from mentions
    left join brand_mentions on mentions.mention_id = brand_mentions.mention_id
    inner join sentiment
        on
            mentions.mention_id = sentiment.mention_id
            and (sentiment.target = 'text' or brand_mentions.brand_id = sentiment.target)
    qualify
        row_number() over (
            partition by mentions.mention_id, brand_mentions.brand_id
            order by
                sentiment.sentiment_engine = 'person' desc,
                sentiment.target = brand_mentions.brand_id desc nulls last
        ) = 1
),

-- max_by passes over NULLs: of each number the newest that was told
latest_metrics as (
    select
        mention_id,
        max_by(likes, observed_date) as likes,
        max_by(replies, observed_date) as replies,
        max_by(reposts, observed_date) as reposts,
        max_by(quotes, observed_date) as quotes,
        max_by(views, observed_date) as views,
        max_by(score, observed_date) as score
    from metrics
    group by mention_id
),

theme_lists as (
    select
        mention_id,
        list(theme_id order by theme_id) as themes
    from mention_themes
    group by mention_id
),

intent_lists as (
    select
        mention_id,
        list(intent order by probability desc nulls first, intent asc) as intents
    from mention_intents
    group by mention_id
),

flag_lists as (
    select
        mention_id,
        list(flag order by flag) as flags
    from mention_flags
    group by mention_id
),

tone_lists as (
    select
        mention_id,
        list(tone order by tone) as tones
    from mention_tones
    group by mention_id
),

team_mentions as (
    select
        mentions.mention_id,
        mentions.parent_id,
        mentions.root_id,
        mentions.created_at
    from mentions
    inner join authors on mentions.author_id = authors.author_id
    where
        authors.is_team
        and not mentions.is_repost
        and mentions.deleted_at is null
),

-- a team mention answers its parent, and the post that opened its thread
team_answers as (
    select
        mention_id,
        parent_id as answered_id,
        created_at
    from team_mentions
    where parent_id != mention_id
    union all
    select
        mention_id,
        root_id as answered_id,
        created_at
    from team_mentions
    where root_id != mention_id
),

first_team_answers as (
    select
        mentions.mention_id,
        min(team_answers.created_at) as first_team_reply_at
    from team_answers
    inner join mentions on team_answers.answered_id = mentions.mention_id
    where
        team_answers.created_at >= mentions.created_at
        and mentions.deleted_at is null
    group by mentions.mention_id
),

final as (
    select
        mentions.mention_id || '@' || coalesce(brand_mentions.brand_id, '') as mention_brand_id,
        mentions.mention_id,
        brand_mentions.brand_id,
        coalesce(brands.brand_name, brand_mentions.brand_id) as brand_name,
        brands.is_competitor,
        brand_mentions.matched_by,
        brand_mentions.matched_terms,
        mentions.source,
        mentions.network,
        mentions.community,
        mentions.kind,
        mentions.title,
        mentions.text,
        mentions.url,
        mentions.lang,
        mentions.rating,
        mentions.product_version,
        mentions.licence,
        mentions.created_at,
        mentions.created_date,
        mentions.edited_at,
        mentions.deleted_at,
        mentions.parent_id,
        mentions.root_id,
        mentions.author_id,
        authors.author_handle,
        authors.author_name,
        authors.author_followers,
        authors.is_team,
        mentions.is_repost,
        core.is_earned(mentions.deleted_at, mentions.kind, authors.is_team) as is_earned,
        latest_metrics.likes,
        latest_metrics.replies,
        latest_metrics.reposts,
        latest_metrics.quotes,
        latest_metrics.views,
        latest_metrics.score,
        case
            when
                coalesce(
                    latest_metrics.likes,
                    latest_metrics.replies,
                    latest_metrics.reposts,
                    latest_metrics.quotes,
                    latest_metrics.score
                ) is not null
                then
                    coalesce(latest_metrics.likes, 0)
                    + coalesce(latest_metrics.replies, 0)
                    + coalesce(latest_metrics.reposts, 0)
                    + coalesce(latest_metrics.quotes, 0)
                    + abs(coalesce(latest_metrics.score, 0))
        end as engagement,
        told_sentiment.sentiment_target,
        told_sentiment.sentiment_label,
        told_sentiment.compound,
        told_sentiment.sentiment_reason,
        told_sentiment.sentiment_engine,
        coalesce(theme_lists.themes, []) as themes,
        intent_lists.intents,
        coalesce(flag_lists.flags, []) as flags,
        coalesce(tone_lists.tones, []) as tones,
        mention_topics.topic_id,
        duplicates.cluster_id,
        coalesce(not duplicates.is_representative, false) as is_duplicate,
        first_team_answers.first_team_reply_at,
        case
            when mentions.deleted_at is null then first_team_answers.first_team_reply_at is not null
        end as is_answered,
        mentions.first_seen_at,
        mentions.last_seen_at
    from mentions
    left join brand_mentions on mentions.mention_id = brand_mentions.mention_id
    left join brands on brand_mentions.brand_id = brands.brand_id
    left join authors on mentions.author_id = authors.author_id
    left join latest_metrics on mentions.mention_id = latest_metrics.mention_id
    left join told_sentiment
        on
            mentions.mention_id = told_sentiment.mention_id
            and brand_mentions.brand_id is not distinct from told_sentiment.brand_id
    left join theme_lists on mentions.mention_id = theme_lists.mention_id
    left join intent_lists on mentions.mention_id = intent_lists.mention_id
    left join flag_lists on mentions.mention_id = flag_lists.mention_id
    left join tone_lists on mentions.mention_id = tone_lists.mention_id
    left join mention_topics on mentions.mention_id = mention_topics.mention_id
    left join duplicates on mentions.mention_id = duplicates.mention_id
    left join first_team_answers on mentions.mention_id = first_team_answers.mention_id
)

select * from final
