-- the newest seven days have many more mentions without language or sentiment than the four weeks before
{{ config(severity='warn') }}

with

mentions as (
    select
        source,
        created_date,
        lang is null as is_unknown_language,
        sentiment_label is null as is_unscored
    from {{ ref('mentions') }}
    where is_earned
),

newest as (
    select max(created_date) as newest_date from mentions
),

shares as (
    select
        mentions.source,
        mentions.created_date > newest.newest_date - 7 as is_new,
        count(*) as mentions_count,
        avg(mentions.is_unknown_language::int) as unknown_language_share,
        avg(mentions.is_unscored::int) as unscored_share
    from mentions
    inner join newest on mentions.created_date > newest.newest_date - 35
    group by
        mentions.source,
        is_new
),

drifts as (
    select
        after.source,
        before.unknown_language_share as unknown_language_share_before,
        after.unknown_language_share,
        before.unscored_share as unscored_share_before,
        after.unscored_share
    from shares as before
    inner join shares as after on before.source = after.source
    where
        after.is_new
        and not before.is_new
        and before.mentions_count >= 50
        and after.mentions_count >= 50
        and (
            after.unknown_language_share - before.unknown_language_share > 0.2
            or after.unscored_share - before.unscored_share > 0.2
        )
)

select * from drifts
