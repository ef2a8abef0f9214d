with

coverage as (
    select * from {{ ref('stg_coverage') }}
),

final as (
    select
        source,
        network,
        query,
        brand_ids,
        window_start,
        window_end,
        status,
        reason,
        calls_count,
        posts_count,
        seen_count,
        units_count,
        quarantined_count,
        drift_count,
        first_post_at,
        last_post_at,
        unseen_from,
        unseen_to,
        is_recheck,
        is_complete
    from coverage
)

select * from final
