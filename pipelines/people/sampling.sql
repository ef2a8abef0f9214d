-- The macro `answers`: what the engine says of mentions in a task and how sure it is, a row a mention, none where it
-- says nothing. Sentiment alone has targets.

-- name: sentiment_answers
-- An engine that can't say how sure it is, is least sure beside the thresholds of its labels.
create or replace temp macro answers(wanted_target) as table
    select
        mention_id,
        label as answer,
        coalesce(confidence, abs(abs(compound) - 0.05)) as confidence
    from core.sentiment
    where target = wanted_target;

-- name: intent_answers
create or replace temp macro answers(wanted_target) as table
    select
        intents.mention_id,
        arg_max(intents.intent, (intents.probability, intents.intent)) as answer,
        min(intents.probability - thresholds.threshold) as confidence
    from core.mention_intents as intents
    inner join thresholds on intents.intent = thresholds.intent
    group by intents.mention_id;

-- name: moderation_answers
create or replace temp macro answers(wanted_target) as table
    select
        mention_id,
        arg_max(flag, (probability, flag)) as answer,
        min(probability) as confidence
    from core.mention_flags
    group by mention_id;

-- name: topic_answers
create or replace temp macro answers(wanted_target) as table
    select
        mention_id,
        topic_id as answer,
        similarity as confidence
    from core.mention_topics;

-- name: post
select
    mentions.mention_id,
    mentions.source,
    mentions.community,
    mentions.lang,
    mentions.created_at,
    authors.handle as author,
    mentions.url,
    mentions.title,
    mentions.text
from core.mentions as mentions
left join core.authors as authors on mentions.author_id = authors.author_id
where mentions.mention_id = $mention_id and coalesce(mentions.title, mentions.text) is not null;

-- name: sample
with
drawn_from as (
    select
        mentions.mention_id,
        mentions.source,
        mentions.community,
        mentions.lang,
        mentions.created_at,
        authors.handle as author,
        mentions.url,
        mentions.title,
        mentions.text,
        answers.answer,
        case when $is_random then 0 else coalesce(answers.confidence, 0) end as confidence,
        md5($seed || mentions.mention_id) as lot
    from core.mentions as mentions
    left join core.authors as authors on mentions.author_id = authors.author_id
    left join core.duplicates as duplicates on mentions.mention_id = duplicates.mention_id
    left join answers($target) as answers on mentions.mention_id = answers.mention_id
    anti join judged on mentions.mention_id = judged.mention_id
    where
        core.is_earned(mentions.deleted_at, mentions.kind, authors.is_team)
        and trim(coalesce(mentions.title, '') || coalesce(mentions.text, '')) != ''
        and coalesce(duplicates.is_representative, true)
        and ($source is null or mentions.source = $source)
        and ($lang is null or mentions.lang = $lang)
        and (
            $target = 'text'
            or mentions.mention_id in (
                select named.mention_id from core.brand_mentions as named
                where named.brand_id = $target
            )
        )
),

placed as (
    select
        *,
        row_number() over (partition by source, lang, answer order by confidence, lot) as place,
        count(*) over (partition by source, lang, answer) as group_size
    from drawn_from
)

select
    mention_id,
    source,
    community,
    lang,
    created_at,
    author,
    url,
    title,
    text
from placed
order by (place - 0.5) / sqrt(group_size), lot
limit $count;
