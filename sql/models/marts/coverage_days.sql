with

query_days as (
    select * from {{ ref('coverage_query_days') }}
),

mentions as (
    select * from {{ ref('stg_mentions') }}
),

posts as (
    select
        source,
        created_date,
        count(*) as posts_count
    from mentions
    group by
        source,
        created_date
),

source_days as (
    select
        source,
        max(network) as network,
        day_date,
        {{ day_status() }} as status,
        count(*) as queries_count,
        count(*) filter (where status = 'complete') as complete_queries_count,
        string_agg(query || ': ' || reason, ' | ' order by query) filter (where status != 'complete') as reason
    from query_days
    group by
        source,
        day_date
),

-- a day of which posts are stored is not missing, whatever brought them
final as (
    select
        source_days.source,
        source_days.network,
        source_days.day_date,
        case
            when source_days.status = 'missing' and posts.posts_count > 0 then 'partial'
            else source_days.status
        end as status,
        source_days.queries_count,
        source_days.complete_queries_count,
        coalesce(posts.posts_count, 0) as posts_count,
        source_days.reason
    from source_days
    left join posts
        on
            source_days.source = posts.source
            and source_days.day_date = posts.created_date
)

select * from final
