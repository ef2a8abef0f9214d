-- what each person says last; nothing where that was taken back
with

latest as (
    select
        mention_id,
        task,
        target,
        labelled_by,
        labelled_at,
        value
    from {{ source('core', 'labels') }}
    qualify row_number() over (partition by mention_id, task, target, labelled_by order by labelled_at desc) = 1
)

select * from latest
where value is not null
