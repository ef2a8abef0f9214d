with

mentions as (
    select * from {{ ref('mentions') }}
    where deleted_at is null
),

mention_flags as (
    select * from {{ ref('stg_mention_flags') }}
),

brand_lists as (
    select
        mention_id,
        coalesce(list(brand_id order by brand_id) filter (where brand_id is not null), []) as brands
    from mentions
    group by mention_id
),

standing as (
    select * from mentions
    qualify row_number() over (partition by mention_id order by brand_id nulls last) = 1
),

final as (
    select
        mention_flags.mention_id,
        mention_flags.flag,
        mention_flags.severity,
        mention_flags.probability,
        mention_flags.evidence,
        mention_flags.flag_engine,
        mention_flags.flag_engine = 'person' as is_confirmed,
        brand_lists.brands,
        standing.title,
        standing.text,
        standing.url,
        standing.lang,
        standing.source,
        standing.network,
        standing.community,
        standing.kind,
        standing.created_at,
        standing.created_date,
        standing.author_id,
        standing.author_handle,
        standing.author_name,
        standing.is_team,
        standing.is_repost,
        standing.is_earned,
        standing.engagement
    from mention_flags
    inner join standing on mention_flags.mention_id = standing.mention_id
    inner join brand_lists on mention_flags.mention_id = brand_lists.mention_id
)

select * from final
