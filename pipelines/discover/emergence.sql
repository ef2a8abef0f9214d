-- What people speak of: each post's words, pairs, hashtags, links, themes and topics.
--
-- There is no list of stop words: "fire" and "down" stand on such lists, and are what a community manager must hear of.
-- A word that all use anyway never stands out against its own past.

-- name: standing
-- Posts that count: earned ones that still stand. Where the author isn't known, the same words are taken for one voice.
create or replace temp view standing as
with
brands as (
    select
        mention_id,
        list(brand_id order by brand_id) as brand_ids,
        string_agg(terms, ' ' order by brand_id) as brand_terms
    from core.brand_mentions
    group by mention_id
),

themes as (
    select
        mention_id,
        list('theme:' || theme_id order by theme_id) as themes
    from core.mention_themes
    group by mention_id
),

topics as (
    select
        mention_id,
        list('topic:' || topic_id order by topic_id) as topics
    from told_topics
    group by mention_id
)

select
    mentions.mention_id,
    mentions.source,
    mentions.created_at,
    mentions.created_at::date as day_date,
    mentions.author_id,
    authors.handle,
    coalesce(duplicates.cluster_id, mentions.mention_id) as text_id,
    coalesce(mentions.author_id, 'text of ' || coalesce(duplicates.cluster_id, mentions.mention_id)) as voice,
    left(concat_ws(' ', mentions.title, mentions.text), 20000) as words,
    coalesce(brands.brand_ids, []) as brand_ids,
    brands.brand_terms,
    list_concat(coalesce(themes.themes, []), coalesce(topics.topics, [])) as labels
from core.mentions as mentions
left join core.authors as authors on mentions.author_id = authors.author_id
left join core.duplicates as duplicates on mentions.mention_id = duplicates.mention_id
left join brands on mentions.mention_id = brands.mention_id
left join themes on mentions.mention_id = themes.mention_id
left join topics on mentions.mention_id = topics.mention_id
where core.is_earned(mentions.deleted_at, mentions.kind, authors.is_team);

-- name: seen_days
-- Days on which a source was seen, were there posts or not.
create or replace temp table seen_days as
select
    source,
    unnest(generate_series(
        date_trunc('day', window_start)::timestamp, window_end - interval 1 microsecond, interval 1 day
    ))::date as day_date
from core.coverage
where
    query != 'recheck' and window_start < window_end
    and core.is_seen_whole(is_complete, status)
union
select
    source,
    created_at::date as day_date
from core.mentions;

-- name: days
-- All that a day's findings follow from, in a few digits.
with
posts as (
    select
        day_date,
        count(*) as posts_count,
        sum(hash(row(
            mention_id, source, created_at, author_id, handle, text_id, words, brand_ids, brand_terms, labels
        ))::hugeint) as posts_hash
    from standing
    group by day_date
),

seen as (
    select
        day_date,
        sum(hash(source)::hugeint) as sources_hash
    from seen_days
    group by day_date
)

select
    day_date,
    coalesce(posts.posts_count, 0) as posts_count,
    concat_ws(' ', posts.posts_count, posts.posts_hash, seen.sources_hash) as fingerprint
from posts
full join seen using (day_date)
order by day_date;

-- name: chosen
create or replace temp table chosen as
select *
from standing
where day_date between $first and $last;

-- name: spoken
-- A link is its host, its path and what of its query tells pages apart. In scripts without spaces a character is a
-- word.
create or replace temp table spoken as
with
texts as (
    select
        mention_id,
        day_date,
        labels,
        regexp_extract_all(words, '(?i)https?://[^\s<>"\x60)\]}]+') as links,
        replace(
            regexp_replace(nfc_normalize(lower(words)), 'https?://\S+|@[\pL\pN_.@-]+', ' ', 'g'), '’', ''''
        ) as prose
    from chosen
),

split as (
    select
        mention_id,
        day_date,
        labels,
        list_transform(links[:20], lambda link: struct_pack(
            host := regexp_replace(
                lower(regexp_extract(link, '(?i)^https?://([^/?#]+)', 1)), '^(?:www|m|mobile|amp)\.|[.,;:!?]+$', '', 'g'
            ),
            path := rtrim(regexp_extract(link, '(?i)^https?://[^/?#]+([^?#]*)', 1), '/.,;:!?''*_'),
            query := list_filter(
                string_split(rtrim(regexp_extract(link, '\?([^#]*)', 1), '.,;:!?''*_'), '&'),
                lambda part: part != '' and not regexp_matches(
                    part,
                    '(?i)^(?:utm_|mc_)|^(?:fbclid|gclid|dclid|msclkid|yclid|igsh|igshid|ref|ref_src|ref_url|si)(?:=|$)'
                )
            )
        )) as links,
        list_distinct(regexp_extract_all(prose, '#([\pL\pN_][\pL\pN\pM_]*)', 1)) as hashtags,
        regexp_extract_all(
            regexp_replace(
                prose, '([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])', ' \1 ', 'g'
            ),
            '[\pL\pN\pM]+(?:[''_][\pL\pN\pM]+)*'
        )[:1000] as words
    from texts
)

select
    mention_id,
    day_date,
    list_concat(
        labels,
        list_transform(
            links,
            lambda link: 'link:' || left(
                link.host || link.path
                || case when len(link.query) > 0 then '?' || array_to_string(list_sort(link.query), '&') else '' end,
                300
            )
        ),
        list_transform(
            list_filter(hashtags, lambda tag: length(tag) <= 50 and not regexp_full_match(tag, '[\pN_]+')),
            lambda tag: 'hashtag:#' || tag
        ),
        list_transform(
            list_filter(words, lambda word: length(word) between 2 and 50 and not regexp_full_match(word, '\pN+')),
            lambda word: 'word:' || word
        ),
        list_transform(
            list_filter(
                range(1, len(words)),
                lambda place: length(words[place]) <= 50 and length(words[place + 1]) <= 50
                and not regexp_full_match(words[place] || words[place + 1], '\pN+')
            ),
            lambda place: 'pair:' || words[place]
            || case
                when
                    regexp_full_match(
                        words[place] || words[place + 1],
                        '[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]{2}'
                    )
                    then ''
                else ' '
            end
            || words[place + 1]
        )
    ) as items
from split;

-- name: voices
-- Each voice speaks in one slice: where it speaks, and of which brand. Of one brand alone the place is enough.
create or replace temp table voices as
select
    mention_id,
    day_date,
    '*' as brand_id,
    source,
    source || ' ' || coalesce(brand_ids[1], '') as slice,
    voice
from chosen
union all
select
    mention_id,
    day_date,
    unnest(brand_ids) as brand_id,
    source,
    source as slice,
    voice
from chosen;

-- name: item_days
create or replace temp table item_days as
with
items as (
    select
        mention_id,
        unnest(list_distinct(items)) as item
    from spoken
    where day_date in (from due)
)

select
    voices.brand_id,
    items.item,
    voices.day_date,
    count(distinct voices.voice) as people_count
from items
inner join voices on items.mention_id = voices.mention_id
group by all;

-- name: candidates
-- Names of people who wrote that day, and the brands' own, are no news.
create or replace temp table candidates as
with
handles as (
    select distinct
        day_date,
        trim(regexp_replace(lower(handle), '[^\pL\pN]+', ' ', 'g')) as name
    from chosen
    where handle is not null
),

names as (
    select distinct
        day_date,
        unnest(regexp_extract_all(lower(brand_terms), '[\pL\pN\pM]+')) as name
    from chosen
    where brand_terms is not null
    union
    select
        due.day_date,
        brand_names.name
    from due
    cross join brand_names
),

parts as (
    select
        item_days.*,
        case
            when item_days.item like 'word:%' then [item_days.item[6:]]
            when item_days.item like 'pair:%' then string_split(item_days.item[6:], ' ')
            when item_days.item like 'hashtag:%' then [item_days.item[10:]]
        end as words
    from item_days
    where item_days.people_count >= $people
)

select
    parts.brand_id,
    parts.item,
    parts.day_date
from parts
left join handles as first_handle
    on parts.day_date = first_handle.day_date and replace(parts.words[1], '_', ' ') = first_handle.name
left join handles as last_handle
    on parts.day_date = last_handle.day_date and replace(parts.words[-1], '_', ' ') = last_handle.name
left join names as first_name on parts.day_date = first_name.day_date and parts.words[1] = first_name.name
left join names as last_name on parts.day_date = last_name.day_date and parts.words[-1] = last_name.name
where
    first_handle.name is null and last_handle.name is null
    and (first_name.name is null or last_name.name is null);

-- name: candidate_items
create or replace temp table candidate_items as
select
    brand_id,
    item,
    row_number() over (order by brand_id, item) - 1 as item_id
from (
    select distinct
        brand_id,
        item
    from candidates
) as items;

-- name: slices
create or replace temp table slices as
select
    brand_id,
    slice,
    source,
    row_number() over (order by brand_id, slice) - 1 as slice_id
from (
    select distinct
        brand_id,
        slice,
        source
    from voices
) as places;

-- name: tests
select
    brand_id,
    day_date,
    count(*) as tests
from item_days
group by all;

-- name: wanted
select
    candidates.brand_id,
    candidates.day_date,
    list(candidate_items.item_id order by candidate_items.item_id) as item_ids
from candidates
inner join candidate_items on candidates.brand_id = candidate_items.brand_id and candidates.item = candidate_items.item
group by all
order by all;

-- name: counts
with
items as (
    select
        mention_id,
        unnest(list_distinct(items)) as item
    from spoken
),

people as (
    select
        candidate_items.item_id,
        voices.day_date,
        voices.voice,
        min(slices.slice_id) as slice_id
    from items
    inner join voices on items.mention_id = voices.mention_id
    inner join candidate_items on voices.brand_id = candidate_items.brand_id and items.item = candidate_items.item
    inner join slices on voices.brand_id = slices.brand_id and voices.slice = slices.slice
    group by all
)

select
    item_id,
    slice_id,
    day_date,
    count(*) as people_count
from people
group by all
order by day_date, item_id, slice_id;

-- name: volumes
with
people as (
    select
        voices.brand_id,
        voices.day_date,
        voices.voice,
        min(slices.slice_id) as slice_id
    from voices
    inner join slices on voices.brand_id = slices.brand_id and voices.slice = slices.slice
    group by all
)

select
    slice_id,
    day_date,
    count(*) as people_count
from people
group by all
order by all;

-- name: known_sources
select
    due.day_date,
    seen_days.source
from due
inner join seen_days
    on
        seen_days.day_date < due.day_date - $gap::integer
        and seen_days.day_date >= due.day_date - ($gap + $past)::integer
group by all
having count(*) >= $least
order by all;

-- name: judged_days
-- Days of which a past is known: of a source that was seen too little of it, or in which nobody spoke, there is none.
insert into core.judged_days by name
with
volumes as (
    select
        source,
        day_date,
        count(*) as posts_count
    from standing
    group by all
),

days as (
    select
        seen_days.source,
        seen_days.day_date,
        count(past.day_date) as past_days_count,
        coalesce(sum(volumes.posts_count), 0) as past_posts_count
    from seen_days
    left join seen_days as past
        on
            seen_days.source = past.source
            and past.day_date < seen_days.day_date - $gap::integer
            and past.day_date >= seen_days.day_date - ($gap + $past)::integer
    left join volumes on past.source = volumes.source and past.day_date = volumes.day_date
    where seen_days.day_date > $first
    group by all
)

select
    source,
    day_date,
    past_days_count,
    $least::bigint as needed_days_count,
    past_days_count >= $least
    and sum(past_posts_count) filter (where past_days_count >= $least) over (partition by day_date) > 0 as is_judged
from days;

-- name: brand_names
create or replace temp table brand_names as
select distinct unnest(regexp_extract_all(lower(concat_ws(' ', name, brand_id)), '[\pL\pN\pM]+')) as name
from core.brands;

-- name: behind
-- A chat says one thing in many lines: that the same people spoke in the same hour is what makes items one story.
with
items as (
    select
        mention_id,
        unnest(list_distinct(items)) as item
    from spoken
    where day_date in (from due)
),

posts as (
    select
        found.number,
        chosen.mention_id,
        chosen.created_at,
        chosen.author_id,
        chosen.voice,
        chosen.text_id,
        row_number() over (
            partition by found.number, chosen.voice order by chosen.created_at, chosen.mention_id
        ) as place
    from found
    inner join items on found.item = items.item
    inner join chosen on items.mention_id = chosen.mention_id and found.day_date = chosen.day_date
    where
        (found.brand_id = '*' or list_contains(chosen.brand_ids, found.brand_id))
        and list_contains(found.sources, chosen.source)
)

select
    number,
    count(distinct row(voice, text_id)) as mentions_count,
    count(distinct voice) as voices_count,
    count(distinct author_id) as authors_count,
    count(distinct text_id) as texts_count,
    list(mention_id order by created_at, mention_id) filter (where place = 1) as examples,
    list(distinct hash(voice, date_trunc('hour', created_at))) as behind
from posts
group by number
order by number;

-- name: emerging
insert into core.emerging by name
select
    * exclude (number, found_item, sources, is_common),
    story as episode_id,
    day_date as first_date
from emerging_rows;

-- name: stories
select
    brand_id,
    day_date,
    story,
    list(kind || ':' || item order by kind, item) as items
from core.emerging
group by all
order by brand_id, day_date, min(p_value), story;

-- name: episodes
update core.emerging as held set episode_id = named.episode_id, first_date = named.first_date
from named
where
    (held.brand_id, held.day_date, held.story) = (named.brand_id, named.day_date, named.story)
    and (held.episode_id, held.first_date) != (named.episode_id, named.first_date);
