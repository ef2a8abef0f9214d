-- every story has one lead, counts fit into each other, and the examples still stand
with

emerging as (
    select * from {{ ref('emerging') }}
),

standing as (
    select distinct mention_id
    from {{ ref('mentions') }}
    where is_earned
),

examples as (
    select
        emerging_id,
        unnest(example_ids) as mention_id
    from emerging
),

leads as (
    select
        coalesce(brand_id, '*') as brand,
        day_date,
        story,
        count(*) filter (where is_lead) as leads_count
    from emerging
    group by
        coalesce(brand_id, '*'),
        day_date,
        story
),

faults as (
    select emerging_id as fault
    from emerging
    where
        people_count > mentions_count
        or authors_count > people_count
        or texts_count > mentions_count
        or usual_low > usual_high
        or first_date > day_date
    union all
    select examples.emerging_id as fault
    from examples
    left join standing on examples.mention_id = standing.mention_id
    where standing.mention_id is null
    union all
    select story as fault
    from leads
    where leads_count != 1
)

select * from faults
