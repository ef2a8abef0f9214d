-- what each topic counts for by now: itself, or the one that it is part of, however often topics merged
with recursive

topics as (
    select * from {{ ref('stg_topics') }}
),

heirs as (
    select
        topic_id,
        topic_id as heir_id,
        merged_into
    from topics
    union
    select
        heirs.topic_id,
        topics.topic_id as heir_id,
        topics.merged_into
    from heirs
    inner join topics on heirs.merged_into = topics.topic_id
),

final as (
    select
        topic_id,
        heir_id
    from heirs
    where merged_into is null
)

select * from final
