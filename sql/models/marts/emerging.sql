with

emerging as (
    select * from {{ ref('stg_emerging') }}
),

brands as (
    select * from {{ ref('stg_brands') }}
),

themes as (
    select * from {{ ref('stg_themes') }}
),

topics as (
    select * from {{ ref('stg_topics') }}
),

final as (
    select
        emerging.kind || ':' || emerging.item || '@' || emerging.brand_id || '@' || emerging.day_date as emerging_id,
        emerging.day_date,
        nullif(emerging.brand_id, '*') as brand_id,
        case when emerging.brand_id != '*' then coalesce(brands.brand_name, emerging.brand_id) end as brand_name,
        emerging.kind,
        emerging.item,
        coalesce(
            case emerging.kind
                when 'theme' then themes.theme_name
                when 'topic' then topics.topic_name
            end,
            emerging.item
        ) as item_name,
        emerging.mentions_count,
        emerging.people_count,
        emerging.authors_count,
        emerging.texts_count,
        emerging.expected_people,
        emerging.ratio,
        emerging.usual_low,
        emerging.usual_high,
        emerging.p_value,
        emerging.q_value,
        emerging.is_new,
        emerging.mentions_count >= 2 * emerging.texts_count as is_copied,
        emerging.story,
        emerging.is_lead,
        emerging.episode_id,
        emerging.first_date,
        emerging.example_ids
    from emerging
    left join brands on emerging.brand_id = brands.brand_id
    left join themes on emerging.kind = 'theme' and emerging.item = themes.theme_id
    left join topics on emerging.kind = 'topic' and emerging.item = topics.topic_id
)

select * from final
