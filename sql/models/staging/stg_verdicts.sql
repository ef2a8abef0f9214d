-- one answer for each mention, task and target: most people's, among equals the newest; of several choices each holds
-- by itself where more people say so than don't, among equals where the newest answer does. Deleted posts have none.
-- Of the task account, mention_id is an account
with

labels as (
    select * from {{ ref('stg_labels') }}
),

mentions as (
    select mention_id from {{ ref('stg_mentions') }}
    where deleted_at is null
),

authors as (
    select author_id from {{ ref('stg_authors') }}
),

standing as (
    select labels.*
    from labels
    inner join mentions on labels.mention_id = mentions.mention_id
    where labels.task != 'account'
    union all
    select labels.*
    from labels
    inner join authors on labels.mention_id = authors.author_id
    where labels.task = 'account'
),

people as (
    select
        mention_id,
        task,
        target,
        count(*) as people_count,
        max(labelled_at) as labelled_at,
        list(labelled_by order by labelled_by) as labelled_by
    from standing
    group by
        mention_id,
        task,
        target
),

single_answers as (
    select
        mention_id,
        task,
        target,
        value
    from standing
    where task in ('sentiment', 'topic')
    group by
        mention_id,
        task,
        target,
        value
    qualify
        row_number() over (
            partition by mention_id, task, target
            order by count(*) desc, max(labelled_at) desc, value asc
        ) = 1
),

choices as (
    select
        mention_id,
        task,
        target,
        labelled_at,
        unnest(string_split(value, ' | ')) as choice
    from standing
    where
        task in ('intent', 'moderation', 'account')
        and value not in ('none', 'fine', 'neither')
),

holding as (
    select
        choices.mention_id,
        choices.task,
        choices.target,
        choices.choice
    from choices
    inner join people
        on
            choices.mention_id = people.mention_id
            and choices.task = people.task
            and choices.target = people.target
    group by
        choices.mention_id,
        choices.task,
        choices.target,
        choices.choice,
        people.people_count,
        people.labelled_at
    having
        2 * count(*) > people.people_count
        or (2 * count(*) = people.people_count and max(choices.labelled_at) = people.labelled_at)
),

several_answers as (
    select
        people.mention_id,
        people.task,
        people.target,
        coalesce(
            string_agg(holding.choice, ' | ' order by holding.choice),
            case people.task when 'intent' then 'none' when 'moderation' then 'fine' else 'neither' end
        ) as value
    from people
    left join holding
        on
            people.mention_id = holding.mention_id
            and people.task = holding.task
            and people.target = holding.target
    where people.task in ('intent', 'moderation', 'account')
    group by
        people.mention_id,
        people.task,
        people.target
),

answers as (
    select * from single_answers
    union all
    select * from several_answers
),

final as (
    select
        answers.mention_id,
        answers.task,
        answers.target,
        answers.value,
        people.people_count,
        people.labelled_by,
        people.labelled_at
    from answers
    inner join people
        on
            answers.mention_id = people.mention_id
            and answers.task = people.task
            and answers.target = people.target
)

select * from final
