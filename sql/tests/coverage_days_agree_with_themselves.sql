-- complete = every query is complete and there is nothing to explain; and of what is missing nothing is stored
with

contradictions as (
    select * from {{ ref('coverage_days') }}
    where
        complete_queries_count > queries_count
        or (status = 'complete') != (complete_queries_count = queries_count)
        or (status = 'complete') != (reason is null)
        or (status = 'missing' and posts_count > 0)
)

select * from contradictions
