with

intents as (
    select * from {{ source('core', 'mention_intents') }}
),

verdicts as (
    select * from {{ ref('stg_verdicts') }}
    where task = 'intent'
),

-- people are asked about spam as moderators: where they don't see any, nobody wants to spread it
no_spam as (
    select mention_id from {{ ref('stg_verdicts') }}
    where
        task = 'moderation'
        and not list_has_any(string_split(value, ' | '), ['spam', 'scam', 'promotion'])
),

-- what people say stands above every engine; their `none` is the engine's `other`
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
    left join no_spam on intents.mention_id = no_spam.mention_id
    where intents.intent != 'spam' or no_spam.mention_id is null
    union all
    select
        mention_id,
        case intent when 'none' then 'other' else intent end as intent,
        null as probability,
        null as evidence,
        'person' as intent_engine
    from said
)

select * from final
