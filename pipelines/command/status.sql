-- name: status
with
newest as (
    select
        source,
        any_value(network) as network,
        max(window_end) as seen_until,
        sum(posts_count) as posts,
        max(last_post_at) as newest_post_at
    from core.coverage
    group by source
),

last_windows as (
    select
        coverage.source,
        string_agg(distinct coverage.status, ', ' order by coverage.status) as last_status,
        string_agg(coverage.query || ': ' || coverage.reason, '; ' order by coverage.query) as reason
    from core.coverage as coverage
    inner join newest on coverage.source = newest.source and coverage.window_end = newest.seen_until
    group by coverage.source
),

misfits as (
    select
        source,
        count(*) as quarantined
    from core.quarantine
    group by source
)

select
    newest.source,
    newest.network,
    newest.seen_until,
    last_windows.last_status,
    newest.posts::bigint,
    newest.newest_post_at,
    coalesce(misfits.quarantined, 0) as quarantined,
    last_windows.reason
from newest
inner join last_windows on newest.source = last_windows.source
left join misfits on newest.source = misfits.source
order by newest.source;

-- name: days
select
    source,
    day_date,
    status
from marts.coverage_days
where day_date > (select max(newest.day_date) from marts.coverage_days as newest) - $days::int
order by source, day_date;
