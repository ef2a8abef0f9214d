with

intents as (
    select * from {{ source('core', 'mention_intents') }}
),

verdicts as (
    select * from {{ ref('stg_verdicts') }}
    where task = 'intent'
),

-- what people say stands above every engine; `none` leaves a mention without intent
said as (
    select
        mention_id,
        unnest(string_split(value, ' | ')) as intent
    from verdicts
),

final as (
    select
        intents.mention_id,
        intents.intent,
        intents.probability,
        intents.evidence,
        intents.engine || ' ' || intents.engine_version as intent_engine
    from intents
    anti join verdicts on intents.mention_id = verdicts.mention_id
    union all
    select
        mention_id,
        intent,
        null as probability,
        null as evidence,
        'person' as intent_engine
    from said
    where intent != 'none'
)

select * from final
