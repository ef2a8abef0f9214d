with

account_flags as (
    select * from {{ ref('stg_account_flags') }}
),

authors as (
    select * from {{ ref('stg_authors') }}
),

mentions as (
    select * from {{ ref('stg_mentions') }}
    where deleted_at is null
),

written as (
    select
        author_id,
        count(*) as mentions_count,
        min(created_at) as first_mention_at,
        max(created_at) as last_mention_at
    from mentions
    group by author_id
),

final as (
    select
        account_flags.author_id,
        account_flags.flag,
        account_flags.probability,
        account_flags.evidence,
        account_flags.flag_engine,
        account_flags.flag_engine = 'person' as is_confirmed,
        authors.network,
        authors.author_handle,
        authors.author_name,
        authors.author_followers,
        authors.is_team,
        coalesce(written.mentions_count, 0) as mentions_count,
        written.first_mention_at,
        written.last_mention_at
    from account_flags
    inner join authors on account_flags.author_id = authors.author_id
    left join written on account_flags.author_id = written.author_id
)

select * from final
