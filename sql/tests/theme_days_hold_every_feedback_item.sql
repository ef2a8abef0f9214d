-- an item of feedback is one mention of its theme and brand
with

expected as (
    select
        theme_id,
        brand_id,
        count(*) as items_count
    from {{ ref('feedback_items') }}
    group by
        theme_id,
        brand_id
),

counted as (
    select
        theme_id,
        brand_id,
        sum(mentions_count) as items_count
    from {{ ref('theme_days') }}
    group by
        theme_id,
        brand_id
),

differences as (
    select
        theme_id,
        brand_id,
        expected.items_count as expected_count,
        counted.items_count as counted_count
    from expected
    full outer join counted using (theme_id, brand_id)
    where expected.items_count is distinct from counted.items_count
)

select * from differences
