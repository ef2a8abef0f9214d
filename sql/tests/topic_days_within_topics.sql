-- no topic has more mentions on its days, of one brand or of none, than it holds
with

by_brand as (
    select
        topic_id,
        brand_id,
        sum(mentions_count) as days_count
    from {{ ref('topic_days') }}
    group by
        topic_id,
        brand_id
),

differences as (
    select
        by_brand.topic_id,
        by_brand.brand_id,
        by_brand.days_count,
        topics.mentions_count
    from by_brand
    left join {{ ref('topics') }} as topics on by_brand.topic_id = topics.topic_id
    where topics.mentions_count is null or by_brand.days_count > topics.mentions_count
)

select * from differences
