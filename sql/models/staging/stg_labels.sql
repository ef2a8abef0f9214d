-- what each person says last, of topics by what they are part of now; nothing where that was taken back
with

labels as (
    select * from {{ source('core', 'labels') }}
),

topic_heirs as (
    select * from {{ ref('stg_topic_heirs') }}
),

latest as (
    select
        mention_id,
        task,
        target,
        labelled_by,
        labelled_at,
        value
    from labels
    qualify row_number() over (partition by mention_id, task, target, labelled_by order by labelled_at desc) = 1
),

final as (
    select
        latest.mention_id,
        latest.task,
        latest.target,
        latest.labelled_by,
        latest.labelled_at,
        coalesce(topic_heirs.heir_id, latest.value) as value
    from latest
    left join topic_heirs on latest.task = 'topic' and latest.value = topic_heirs.topic_id
    where latest.value is not null
)

select * from final
