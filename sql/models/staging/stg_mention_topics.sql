with

placed as (
    select * from {{ source('core', 'mention_topics') }}
),

topics as (
    select * from {{ ref('stg_topics') }}
),

verdicts as (
    select * from {{ ref('stg_verdicts') }}
    where task = 'topic'
),

-- what people say stands above the engine; `none` leaves a mention without topic. Words that are no topic move nothing
said as (
    select
        verdicts.mention_id,
        topics.topic_id
    from verdicts
    left join topics on verdicts.value = topics.topic_id
    where topics.topic_id is not null or verdicts.value = 'none'
),

final as (
    select
        placed.mention_id,
        placed.topic_id,
        placed.similarity,
        placed.is_typical
    from placed
    anti join said on placed.mention_id = said.mention_id
    where placed.topic_id is not null
    union all
    select
        said.mention_id,
        said.topic_id,
        placed.similarity,
        coalesce(placed.is_typical, false) as is_typical
    from said
    left join placed on said.mention_id = placed.mention_id and said.topic_id = placed.topic_id
    where said.topic_id is not null
)

select * from final
