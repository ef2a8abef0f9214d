-- answered means that a first reply is known, not earlier than the mention; of deleted mentions we don't say
with

contradictions as (
    select
        mention_brand_id,
        created_at,
        deleted_at,
        first_team_reply_at,
        is_answered
    from {{ ref('mentions') }}
    where
        first_team_reply_at < created_at
        or is_answered != (first_team_reply_at is not null)
        or (is_answered is null) != (deleted_at is not null)
)

select * from contradictions
