with

flags as (
    select * from {{ source('core', 'account_flags') }}
),

verdicts as (
    select * from {{ ref('stg_verdicts') }}
    where task = 'account'
),

-- what people say stands above every engine; `neither` takes every flag away
said as (
    select
        mention_id as author_id,
        unnest(string_split(value, ' | ')) as flag
    from verdicts
),

final as (
    select
        flags.author_id,
        flags.flag,
        flags.probability,
        flags.evidence,
        flags.engine || ' ' || flags.engine_version as flag_engine
    from flags
    anti join verdicts on flags.author_id = verdicts.mention_id
    union all
    select
        said.author_id,
        said.flag,
        null as probability,
        flags.evidence,
        'person' as flag_engine
    from said
    left join flags on said.author_id = flags.author_id and said.flag = flags.flag
    where said.flag != 'neither'
)

select * from final
