with

query_days as (
    select * from {{ ref('coverage_query_days') }}
),

brands as (
    select * from {{ ref('stg_brands') }}
),

-- a search serves the brands that it names, a feed serves all
served as (
    select
        brands.brand_id,
        brands.brand_name,
        query_days.source,
        query_days.network,
        query_days.day_date,
        query_days.status
    from query_days
    inner join brands
        on query_days.brand_ids is null or list_contains(string_split(query_days.brand_ids, ' | '), brands.brand_id)
),

final as (
    select
        brand_id,
        max(brand_name) as brand_name,
        source,
        max(network) as network,
        day_date,
        {{ day_status() }} as status,
        count(*) as queries_count,
        count(*) filter (where status = 'complete') as complete_queries_count
    from served
    group by
        brand_id,
        source,
        day_date
)

select * from final
