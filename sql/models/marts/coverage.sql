with

coverage as (
    select * from {{ ref('stg_coverage') }}
),

final as (
    select
        source,
        network,
        query,
        window_start,
        window_end,
        status,
        reason,
        calls_count,
        posts_count,
        first_post_at,
        last_post_at,
        unseen_from,
        unseen_to,
        status in ('ok', 'verified-empty') as is_complete
    from coverage
)

select * from final
