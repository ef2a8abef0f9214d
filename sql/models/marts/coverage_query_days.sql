with

coverage as (
    select * from {{ ref('coverage') }}
    where window_start < window_end and not is_recheck
),

-- what of each window was seen in full: all of it, or what a truncated one has before and after its unseen span
seen_spans as (
    select
        source,
        query,
        window_start as span_start,
        window_end as span_end
    from coverage
    where is_complete
    union all
    select
        source,
        query,
        window_start as span_start,
        least(unseen_from, unseen_to, window_end) as span_end
    from coverage
    where status = 'truncated' and unseen_from > window_start
    union all
    select
        source,
        query,
        greatest(unseen_from, unseen_to, window_start) as span_start,
        window_end as span_end
    from coverage
    where status = 'truncated' and unseen_to < window_end
),

span_neighbours as (
    select
        source,
        query,
        span_start,
        span_end,
        max(span_end) over (
            partition by source, query
            order by span_start, span_end
            rows between unbounded preceding and 1 preceding
        ) as seen_until
    from seen_spans
    where span_start < span_end
),

numbered_spans as (
    select
        source,
        query,
        span_start,
        span_end,
        count(*) filter (where seen_until is null or span_start > seen_until) over (
            partition by source, query
            order by span_start, span_end
            rows between unbounded preceding and current row
        ) as stretch_number
    from span_neighbours
),

-- spans that touch or overlap, whichever windows they come from, make one stretch without a gap
stretches as (
    select
        source,
        query,
        min(span_start) as stretch_start,
        max(span_end) as stretch_end
    from numbered_spans
    group by
        source,
        query,
        stretch_number
),

window_days as (
    select
        *,
        case status when 'unverified' then 'nothing came at all' else status end as status_reason,
        unnest(
            generate_series(
                date_trunc('day', window_start)::timestamp,
                window_end - interval 1 microsecond,
                interval 1 day
            )
        ) as day_start
    from coverage
),

query_days as (
    select
        source,
        query,
        day_start,
        max(network) as network,
        arg_max(brand_ids, window_end) as brand_ids,
        bool_or(
            is_complete
            or status = 'unverified'
            or (first_post_at < day_start + interval 1 day and last_post_at >= day_start)
            or (status = 'truncated' and unseen_from > greatest(window_start, day_start))
            or (status = 'truncated' and unseen_to < least(window_end, day_start + interval 1 day))
        ) as is_seen,
        list(distinct coalesce(reason, status_reason)) filter (where not is_complete) as reasons
    from window_days
    group by
        source,
        query,
        day_start
),

final as (
    select
        query_days.source,
        query_days.network,
        query_days.query,
        query_days.brand_ids,
        query_days.day_start::date as day_date,
        case
            when stretches.source is not null then 'complete'
            when query_days.is_seen then 'partial'
            else 'missing'
        end as status,
        case
            when stretches.source is null
                then array_to_string(
                    list_sort(coalesce(query_days.reasons, ['part of the day was not asked for'])), '; '
                )
        end as reason
    from query_days
    left join stretches
        on
            query_days.source = stretches.source
            and query_days.query = stretches.query
            and query_days.day_start >= stretches.stretch_start
            and query_days.day_start + interval 1 day <= stretches.stretch_end
)

select * from final
