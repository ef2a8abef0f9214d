-- a mention of a brand is counted once: as earned, repost, team or deleted
with

expected as (
    select
        brand_id,
        count(*) filter (where is_earned) as earned_count,
        count(*) as rows_count
    from {{ ref('mentions') }}
    where brand_id is not null
    group by brand_id
),

counted as (
    select
        brand_id,
        sum(mentions_count) as earned_count,
        sum(mentions_count + reposts_count + team_count + deleted_count) as rows_count
    from {{ ref('brand_days') }}
    group by brand_id
),

differences as (
    select
        brand_id,
        expected.earned_count as expected_earned_count,
        counted.earned_count as counted_earned_count,
        expected.rows_count as expected_rows_count,
        counted.rows_count as counted_rows_count
    from expected
    full outer join counted using (brand_id)
    where
        expected.earned_count is distinct from counted.earned_count
        or expected.rows_count is distinct from counted.rows_count
)

select * from differences
