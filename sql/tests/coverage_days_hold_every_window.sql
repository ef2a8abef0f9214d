-- each day that a window touches has its row, and no other day has one; worked out anew, to hold the mart against it
with

expected as (
    select distinct
        source,
        unnest(
            generate_series(
                date_trunc('day', window_start)::timestamp,
                window_end - interval 1 microsecond,
                interval 1 day
            )
        )::date as day_date
    from {{ ref('stg_coverage') }}
    where window_start < window_end and not is_recheck
),

differences as (
    select
        source,
        day_date,
        expected.source is null as is_surplus
    from expected
    full outer join {{ ref('coverage_days') }} as coverage_days using (source, day_date)
    where expected.source is null or coverage_days.source is null
)

select * from differences
