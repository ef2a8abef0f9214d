with

mentions as (
    select * from {{ ref('mentions') }}
    where is_earned and brand_id is not null
),

mention_themes as (
    select * from {{ ref('stg_mention_themes') }}
),

themes as (
    select * from {{ ref('stg_themes') }}
),

final as (
    select
        mentions.mention_brand_id || '@' || mention_themes.theme_id as feedback_id,
        mentions.mention_id,
        mentions.brand_id,
        mentions.brand_name,
        mentions.is_competitor,
        mention_themes.theme_id,
        coalesce(themes.theme_name, mention_themes.theme_id) as theme_name,
        case mentions.sentiment_label
            when 'positive' then 'good'
            when 'negative' then 'bad'
            when 'neutral' then 'mixed'
            else 'unscored'
        end as polarity,
        mention_themes.matched_terms,
        mentions.title,
        mentions.text,
        mentions.url,
        mentions.lang,
        mentions.source,
        mentions.network,
        mentions.community,
        mentions.created_at,
        mentions.created_date,
        mentions.author_handle,
        mentions.compound,
        mentions.engagement,
        mentions.is_duplicate,
        mentions.is_answered
    from mentions
    inner join mention_themes on mentions.mention_id = mention_themes.mention_id
    left join themes on mention_themes.theme_id = themes.theme_id
)

select * from final
