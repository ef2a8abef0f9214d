-- name: topics
select
    topic_id,
    centroid,
    reach,
    born_date,
    last_seen_date,
    status,
    merged_into,
    model_name
from core.topics
order by topic_id;

-- name: progress
with
fits as (
    select
        coalesce(max(reading_number), 0) as newest,
        coalesce(max(reading_number) filter (where fit = 'all'), 0) as newest_of_all
    from ops.topic_readings
    where fit is not null
)

select
    coalesce(max(readings.reading_number), 0)::bigint as readings,
    coalesce(sum(readings.mentions_count), 0)::bigint as posts,
    coalesce(
        sum(readings.mentions_count) filter (where readings.reading_number > fits.newest_of_all), 0
    )::bigint as posts_since_fit,
    coalesce(
        sum(readings.unplaced_count) filter (where readings.reading_number > fits.newest), 0
    )::bigint as unplaced_since_fit,
    max(readings.newest_date) as newest_date
from ops.topic_readings as readings
cross join fits;

-- name: sample
select
    mentions.mention_id,
    left(concat_ws(chr(10) || chr(10), mentions.title, mentions.text), $longest) as text,
    samples.topic_id,
    samples.reading_number,
    readings.newest_date
from ops.topic_samples as samples
semi join core.mention_topics as known on samples.mention_id = known.mention_id
inner join core.mentions as mentions on samples.mention_id = mentions.mention_id
inner join ops.topic_readings as readings on samples.reading_number = readings.reading_number
order by samples.reading_number, mentions.created_at, mentions.mention_id;

-- name: seeds
select
    mention_topics.topic_id,
    left(concat_ws(chr(10) || chr(10), mentions.title, mentions.text), $longest) as text
from core.mention_topics as mention_topics
inner join core.mentions as mentions on mention_topics.mention_id = mentions.mention_id
where mention_topics.topic_id is not null
qualify
    row_number() over (
        partition by mention_topics.topic_id
        order by mention_topics.similarity desc, mention_topics.mention_id asc
    ) <= $seeds
order by mention_topics.topic_id asc, mention_topics.similarity desc, mention_topics.mention_id asc;
