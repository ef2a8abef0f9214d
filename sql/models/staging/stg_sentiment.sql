with

scores as (
    select * from {{ source('core', 'sentiment') }}
),

verdicts as (
    select * from {{ ref('stg_verdicts') }}
    where task = 'sentiment'
),

-- what people say stands above every engine
final as (
    select
        scores.mention_id,
        scores.target,
        scores.compound,
        scores.label as sentiment_label,
        scores.reason as sentiment_reason,
        scores.engine || ' ' || scores.engine_version as sentiment_engine
    from scores
    anti join verdicts
        on
            scores.mention_id = verdicts.mention_id
            and scores.target = verdicts.target
    union all
    select
        mention_id,
        target,
        null as compound,
        value as sentiment_label,
        null as sentiment_reason,
        'person' as sentiment_engine
    from verdicts
)

select * from final
