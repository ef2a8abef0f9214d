-- posts_count of a source = its stored mentions that were written on the days that its windows touch
with

expected as (
    select
        mentions.source,
        count(*) as posts_count
    from {{ ref('stg_mentions') }} as mentions
    semi join {{ ref('coverage_days') }} as coverage_days
        on
            mentions.source = coverage_days.source
            and mentions.created_date = coverage_days.day_date
    group by mentions.source
),

counted as (
    select
        source,
        sum(posts_count) as posts_count
    from {{ ref('coverage_days') }}
    group by source
),

differences as (
    select
        source,
        expected.posts_count as expected_count,
        counted.posts_count as counted_count
    from expected
    full outer join counted using (source)
    where coalesce(expected.posts_count, 0) != coalesce(counted.posts_count, 0)
)

select * from differences
