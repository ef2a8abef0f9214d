with

duplicates as (
    select * from {{ ref('stg_duplicates') }}
),

mentions as (
    select * from {{ ref('stg_mentions') }}
),

final as (
    select
        duplicates.cluster_id,
        any_value(duplicates.spread) as spread,
        count(*) as mentions_count,
        count(*) filter (where duplicates.duplicate_kind = 'exact') as exact_count,
        count(distinct mentions.author_id) as authors_count,
        count(*) filter (where mentions.author_id is null) as unknown_author_count,
        count(distinct mentions.source) as sources_count,
        list_sort(list(distinct mentions.network)) as networks,
        min(mentions.created_at) as first_mention_at,
        max(mentions.created_at) as last_mention_at,
        any_value(mentions.mention_id) filter (where duplicates.is_representative) as mention_id,
        any_value(mentions.title) filter (where duplicates.is_representative) as title,
        any_value(mentions.text) filter (where duplicates.is_representative) as text,
        any_value(mentions.url) filter (where duplicates.is_representative) as url
    from duplicates
    inner join mentions on duplicates.mention_id = mentions.mention_id
    group by duplicates.cluster_id
)

select * from final
