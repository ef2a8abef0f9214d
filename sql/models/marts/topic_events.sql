with

topic_events as (
    select * from {{ ref('stg_topic_events') }}
),

topics as (
    select * from {{ ref('stg_topics') }}
),

final as (
    select
        topic_events.topic_id,
        topics.topic_name,
        topic_events.event_date,
        topic_events.event,
        topic_events.other_topic_id,
        others.topic_name as other_topic_name,
        topic_events.share,
        topic_events.mentions_count
    from topic_events
    inner join topics on topic_events.topic_id = topics.topic_id
    left join topics as others on topic_events.other_topic_id = others.topic_id
)

select * from final
