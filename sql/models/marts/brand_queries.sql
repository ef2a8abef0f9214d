with

queries as (
    select * from {{ ref('stg_brand_queries') }}
),

brands as (
    select * from {{ ref('stg_brands') }}
),

final as (
    select
        queries.brand_id,
        coalesce(brands.brand_name, queries.brand_id) as brand_name,
        queries.query_version,
        queries.query,
        queries.first_window_start,
        queries.last_window_end,
        coalesce(queries.query_version = brands.query_version, false) as is_current
    from queries
    left join brands on queries.brand_id = brands.brand_id
)

select * from final
