with

feedback_items as (
    select * from {{ ref('feedback_items') }}
),

final as (
    select
        theme_id,
        theme_name,
        brand_id,
        brand_name,
        is_competitor,
        created_date as day_date,
        source,
        network,
        count(*) as mentions_count,
        count(*) filter (where polarity = 'good') as positive_count,
        count(*) filter (where polarity = 'mixed') as neutral_count,
        count(*) filter (where polarity = 'bad') as negative_count,
        count(*) filter (where polarity = 'unscored') as unscored_count,
        sum(engagement)::bigint as engagement_count
    from feedback_items
    group by
        theme_id,
        theme_name,
        brand_id,
        brand_name,
        is_competitor,
        created_date,
        source,
        network
)

select * from final
