-- name: written_accounts
-- Accounts with posts of a source and in a language, or of all and in any where that is NULL.
create or replace temp macro written_accounts(wanted_source, wanted_lang) as table
    with
    newest as (
        select
            author_id,
            source,
            lang,
            created_at,
            left(concat_ws(chr(10), title, text), 300) as words
        from core.mentions
        where
            core.is_standing(deleted_at, kind)
            and author_id is not null
            and (wanted_source is null or source = wanted_source)
            and (wanted_lang is null or lang = wanted_lang)
        qualify row_number() over (partition by author_id order by created_at desc, mention_id asc) <= 5
    ),

    written as (
        select
            author_id,
            min(source) as source,
            max(created_at) as created_at,
            string_agg(words, chr(10) || '—' || chr(10) order by created_at desc, words asc) as words
        from newest
        group by author_id
    ),

    flagged as (
        select
            author_id,
            min(probability) as probability,
            string_agg(flag || ': ' || evidence, ' · ' order by flag) as evidence
        from core.account_flags
        group by author_id
    )

    select
        authors.author_id,
        written.source,
        null as community,
        null as lang,
        written.created_at,
        authors.handle,
        null as url,
        concat_ws(' · ', authors.name, coalesce(flagged.evidence, 'not flagged')) as title,
        written.words,
        authors.is_team,
        flagged.author_id is not null as is_flagged,
        flagged.probability
    from core.authors as authors
    inner join written on authors.author_id = written.author_id
    left join flagged on authors.author_id = flagged.author_id;

-- name: account
select * exclude (is_team, is_flagged, probability)
from written_accounts(null, null)
where author_id = $author_id;

-- name: sample
select accounts.* exclude (accounts.is_team, accounts.is_flagged, accounts.probability)
from written_accounts($source, $lang) as accounts
anti join judged on accounts.author_id = judged.author_id
where accounts.is_flagged and not accounts.is_team
order by case when $is_random then 0 else accounts.probability end, md5($seed || accounts.author_id)
limit $count;
