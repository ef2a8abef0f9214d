with

flags as (
    select * from {{ source('core', 'mention_flags') }}
),

verdicts as (
    select * from {{ ref('stg_verdicts') }}
    where task = 'moderation'
),

-- what people say stands above every engine; `fine` takes every flag away
said as (
    select
        mention_id,
        unnest(string_split(value, ' | ')) as flag
    from verdicts
),

final as (
    select
        flags.mention_id,
        flags.flag,
        flags.severity,
        flags.probability,
        flags.evidence,
        flags.engine || ' ' || flags.engine_version as flag_engine
    from flags
    anti join verdicts on flags.mention_id = verdicts.mention_id
    union all
    select
        said.mention_id,
        said.flag,
        flags.severity,
        null as probability,
        flags.evidence,
        'person' as flag_engine
    from said
    left join flags on said.mention_id = flags.mention_id and said.flag = flags.flag
    where said.flag != 'fine'
)

select * from final
