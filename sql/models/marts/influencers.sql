with

mentions as (
    select * from {{ ref('mentions') }}
    where is_earned and brand_id is not null
),

authors as (
    select * from {{ ref('stg_authors') }}
),

interactions as (
    select * from {{ ref('stg_interactions') }}
    where from_author_id != to_author_id
),

author_totals as (
    select
        author_id,
        brand_id,
        any_value(brand_name) as brand_name,
        any_value(is_competitor) as is_competitor,
        count(*) as mentions_count,
        count(*) filter (where sentiment_label = 'positive') as positive_count,
        count(*) filter (where sentiment_label = 'neutral') as neutral_count,
        count(*) filter (where sentiment_label = 'negative') as negative_count,
        count(*) filter (where sentiment_label is null) as unscored_count,
        sum(engagement)::bigint as engagement_count,
        min(created_at) as first_mention_at,
        max(created_at) as last_mention_at
    from mentions
    group by
        author_id,
        brand_id
),

addressed as (
    select
        to_author_id as author_id,
        count(distinct from_author_id) as addressed_by_count
    from interactions
    group by to_author_id
),

final as (
    select
        author_totals.author_id,
        author_totals.brand_id,
        author_totals.brand_name,
        author_totals.is_competitor,
        authors.network,
        authors.author_handle as handle,
        authors.author_name as name,
        authors.author_followers as followers,
        author_totals.mentions_count,
        author_totals.positive_count,
        author_totals.neutral_count,
        author_totals.negative_count,
        author_totals.unscored_count,
        author_totals.engagement_count,
        coalesce(addressed.addressed_by_count, 0) as addressed_by_count,
        author_totals.first_mention_at,
        author_totals.last_mention_at,
        row_number() over (
            partition by author_totals.brand_id
            order by
                coalesce(author_totals.engagement_count, 0) desc,
                coalesce(addressed.addressed_by_count, 0) desc,
                authors.author_followers desc nulls last,
                author_totals.author_id asc
        )::integer as rank
    from author_totals
    inner join authors on author_totals.author_id = authors.author_id
    left join addressed on author_totals.author_id = addressed.author_id
)

select * from final
