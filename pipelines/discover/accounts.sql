-- name: count
select (
    select count(*) from core.account_flags) + (
    select count(*) from core.mention_flags
    where engine = $engine
);

-- name: posts
create or replace temp table account_posts as
select
    mentions.mention_id,
    mentions.author_id,
    mentions.created_at,
    mentions.community,
    mentions.kind = 'comment' and length(mentions.text) < $formula and not contains(mentions.text, '://') as is_formula,
    duplicates.cluster_id,
    date_diff('day', authors.account_created_at, mentions.created_at) between 0 and $young as is_young,
    authors.is_bot,
    regexp_extract(mentions.text, 'https?://(?:www\.)?([^/\s?#:]+)', 1) as domain
from core.mentions as mentions
inner join core.authors as authors on mentions.author_id = authors.author_id
left join core.duplicates as duplicates on mentions.mention_id = duplicates.mention_id
where
    core.is_earned(mentions.deleted_at, mentions.kind, authors.is_team);

-- name: said
-- A text that somebody posts in several places is said once for the first few of them.
create or replace temp table said as
select
    author_id,
    cluster_id,
    count(*) - least(greatest(count(distinct community), 1), $most) + 1 as posts_count
from account_posts
where cluster_id is not null and not is_formula
group by author_id, cluster_id;

-- name: rhythms
-- Gaps between posts count as the same when they are the same to the nearest tenth of a power of ten: 58 and 61
-- seconds. Of hours, the entropy says whether somebody sleeps; of minutes, whether posts come by the clock.
create or replace temp table rhythms as
with
gaps as (
    select
        author_id,
        created_at,
        date_diff('second', lag(created_at) over earlier, created_at) as gap,
        cluster_id = lag(cluster_id) over earlier and community != lag(community) over earlier as is_crosspost
    from account_posts
    window earlier as (partition by author_id order by created_at, mention_id)
),

timed as (
    select author_id
    from account_posts
    group by author_id
    having
        count(*) >= $fewest
        and count(distinct created_at::time) > 1
        and date_diff('hour', min(created_at), max(created_at)) >= $hours
),

usual_gaps as (
    select
        author_id,
        max(gaps_count) as gaps_count,
        arg_max(gap, (gaps_count, -gap)) as gap
    from (
        select
            author_id,
            round(log10(gap) * 20) as size,
            count(*) as gaps_count,
            median(gap) as gap
        from gaps
        where gap > 0 and is_crosspost is not true
        group by author_id, size
    ) as sizes
    group by author_id
),

hours as (
    select
        author_id,
        count(distinct date_part('hour', created_at)) as hours_count,
        entropy(date_part('hour', created_at)) / log2(24) as hours_entropy,
        entropy(date_part('minute', created_at)) / log2(least(60, count(*))) as minutes_entropy,
        count(distinct created_at::date) as days_count,
        max(gap) / 3600 as longest_pause,
        date_diff('hour', min(created_at), max(created_at)) as span_hours,
        count(*) as posts_count
    from gaps
    group by author_id
)

select
    timed.author_id,
    usual_gaps.gap as usual_gap,
    usual_gaps.gaps_count / (hours.posts_count - 1) as usual_gap_share,
    hours.hours_count,
    hours.hours_entropy,
    hours.minutes_entropy,
    hours.longest_pause,
    hours.span_hours,
    hours.posts_count / hours.days_count as posts_a_day
from timed
inner join usual_gaps on timed.author_id = usual_gaps.author_id
inner join hours on timed.author_id = hours.author_id;

-- name: account_flags
insert into core.account_flags by name
with
repeated as (
    select
        author_id,
        sum(posts_count) filter (where posts_count > 1) as repeated_count,
        max(posts_count) as most_of_one
    from said
    group by author_id
),

accounts as (
    select
        posts.author_id,
        count(*) as posts_count,
        bool_or(coalesce(posts.is_bot, false)) as is_bot,
        coalesce(any_value(repeated.repeated_count), 0) as repeated_count,
        coalesce(any_value(repeated.most_of_one), 0) as most_of_one
    from account_posts as posts
    left join repeated on posts.author_id = repeated.author_id
    group by posts.author_id
),

weighed as (
    select
        accounts.*,
        rhythms.* exclude (rhythms.author_id),
        accounts.repeated_count / accounts.posts_count as repeated_share,
        case
            when rhythms.usual_gap_share >= 0.5 and rhythms.usual_gap < 3600 * $habit
                then 5.0 * rhythms.usual_gap_share
        end as gap_weight,
        case when rhythms.minutes_entropy < 0.5 then 2.0 end as minute_weight,
        case when rhythms.longest_pause < $pause and rhythms.span_hours >= $wake then 4.5 end as awake_weight,
        case
            when rhythms.hours_count >= 23 and rhythms.hours_entropy > 0.95 and accounts.posts_count >= 100 then 1.5
        end as sleepless_weight,
        case
            when accounts.posts_count >= $fewest and accounts.repeated_count / accounts.posts_count >= 0.5
                then 3.0 * accounts.repeated_count / accounts.posts_count
        end as repeat_weight,
        case when rhythms.posts_a_day >= 100 then 1.5 end as many_weight
    from accounts
    left join rhythms on accounts.author_id = rhythms.author_id
),

bots as (
    select
        author_id,
        'bot' as flag,
        case
            when is_bot then 0.99
            else
                1 / (1 + exp(
                    4
                    - coalesce(gap_weight, 0)
                    - coalesce(minute_weight, 0)
                    - coalesce(awake_weight, 0)
                    - coalesce(sleepless_weight, 0)
                    - coalesce(repeat_weight, 0)
                    - coalesce(many_weight, 0)
                ))
        end as probability,
        concat_ws(
            ' | ',
            posts_count || case when posts_count = 1 then ' post seen' else ' posts seen' end,
            case when is_bot then 'the network marks it as automated' end,
            case
                when gap_weight is not null
                    then
                        round(100 * usual_gap_share)::integer || ' % of them follow after about '
                        || case
                            when usual_gap < 120 then round(usual_gap)::bigint || ' s'
                            when usual_gap < 7200 then round(usual_gap / 60)::bigint || ' min'
                            else round(usual_gap / 3600)::bigint || ' h'
                        end
            end,
            case when minute_weight is not null then 'almost always in the same minutes of the hour' end,
            case
                when awake_weight is not null
                    then
                        'in ' || span_hours || ' h never silent for more than ' || ceil(longest_pause)::integer || ' h'
            end,
            case when sleepless_weight is not null then 'in all hours of day and night alike' end,
            case
                when repeat_weight is not null
                    then
                        round(100 * repeated_share)::integer || ' % say what others of them say'
            end,
            case when many_weight is not null then round(posts_a_day)::integer || ' posts a day' end
        ) as evidence
    from weighed
),

repeaters as (
    select
        author_id,
        'repeater' as flag,
        least(0.5 + (repeated_share - 0.5) * 0.8 + ln(repeated_count / $repeated) * 0.05, 0.99) as probability,
        posts_count || ' posts seen | ' || round(100 * repeated_share)::integer
        || ' % say what others of them say | the same ' || most_of_one || ' times' as evidence
    from weighed
    where most_of_one >= $repeated and repeated_share >= 0.5
)

select
    author_id,
    flag,
    round(probability, 3) as probability,
    evidence,
    $engine as engine,
    $version as engine_version
from (
    from bots
    union all by name
    from repeaters
) as found
where probability >= 0.5;

-- name: mention_flags
-- Many people copy a petition or a headline, and what very many say over months is a way of speaking. Copies are spam
-- where the accounts are young, one of them says it again and again, or the text alone speaks for it already.
insert into core.mention_flags by name
with
spoken as (
    select distinct mention_id
    from core.mention_flags
    where flag in ('spam', 'scam', 'promotion')
),

clusters as (
    select
        posts.cluster_id,
        count(*) as posts_count,
        count(distinct posts.author_id) as authors_count,
        count(*) filter (where posts.is_young) / count(*) as young_share,
        count(*) filter (where posts.domain != '') / count(*) as linked_share,
        count(*) filter (where spoken.mention_id is not null) / count(*) as spoken_share,
        date_diff('hour', min(posts.created_at), max(posts.created_at)) as hours
    from account_posts as posts
    left join spoken on posts.mention_id = spoken.mention_id
    where posts.cluster_id is not null
    group by posts.cluster_id
),

rings as (
    select
        cluster_id,
        count(*) filter (where posts_count >= 2) as members_count
    from said
    group by cluster_id
),

domains as (
    select
        domain,
        count(distinct author_id) filter (where is_young) as young_authors_count,
        count(distinct author_id) as authors_count
    from account_posts
    where domain != ''
    group by domain
),

weighed as (
    select
        posts.mention_id,
        clusters.authors_count,
        clusters.posts_count,
        clusters.young_share,
        clusters.hours,
        said.posts_count as own_count,
        rings.members_count,
        domains.domain,
        domains.young_authors_count,
        spoken.mention_id is not null as is_spoken,
        posts.is_young,
        case
            when clusters.authors_count >= 2 and clusters.hours < 168
                then least(0.5 * log2(clusters.authors_count), 1.5)
        end as copies_weight,
        case when clusters.authors_count >= 2 and clusters.young_share >= 0.5 then 2.0 * clusters.young_share end
            as young_copies_weight,
        case when clusters.authors_count >= 3 and clusters.hours < 24 then 0.5 end as burst_weight,
        case when clusters.linked_share >= 0.5 and clusters.authors_count >= 2 then 0.3 end as linked_weight,
        case when clusters.spoken_share >= 0.5 then 2.0 end as spoken_weight,
        case
            when said.posts_count >= 3 and (clusters.authors_count <= 10 or clusters.linked_share >= 0.5)
                then least(0.7 * log2(said.posts_count), 2.5)
        end as own_weight,
        case
            when rings.members_count >= 3 and rings.members_count * 2 > clusters.authors_count and clusters.hours < 168
                then 1.0
        end as ring_weight,
        case when domains.young_authors_count >= 3 and domains.young_authors_count * 2 > domains.authors_count then 2.5
        end as domain_weight
    from account_posts as posts
    left join clusters on posts.cluster_id = clusters.cluster_id
    left join said on posts.cluster_id = said.cluster_id and posts.author_id = said.author_id
    left join rings on posts.cluster_id = rings.cluster_id
    left join domains on posts.domain = domains.domain and posts.is_young
    left join spoken on posts.mention_id = spoken.mention_id
),

summed as (
    select
        *,
        1 / (1 + exp(
            2.6
            - coalesce(copies_weight, 0)
            - coalesce(young_copies_weight, 0)
            - coalesce(burst_weight, 0)
            - coalesce(linked_weight, 0)
            - coalesce(spoken_weight, 0)
            - coalesce(own_weight, 0)
            - coalesce(ring_weight, 0)
            - coalesce(domain_weight, 0)
            - case when is_young then 0.5 else 0 end
        )) as probability
    from weighed
    where coalesce(copies_weight, own_weight, domain_weight) is not null
)

select
    mention_id,
    'spam' as flag,
    'low' as severity,
    round(probability, 3) as probability,
    concat_ws(
        ' | ',
        case when copies_weight is not null then authors_count || ' accounts say the same' end,
        case
            when young_copies_weight is not null
                then
                    round(100 * young_share)::integer || ' % of these posts are from new accounts'
        end,
        case when burst_weight is not null then 'within ' || greatest(hours, 1) || ' h' end,
        case when own_weight is not null then 'this account said it ' || own_count || ' times' end,
        case when ring_weight is not null then members_count || ' accounts say it again and again' end,
        case when spoken_weight is not null then 'the text speaks for it, too' end,
        case when domain_weight is not null then young_authors_count || ' new accounts link to ' || domain end
    ) as evidence,
    $engine as engine,
    $version as engine_version
from summed
where
    summed.probability >= 0.5
    and summed.mention_id not in (
        select flags.mention_id from core.mention_flags as flags
        where flags.flag = 'spam'
    );
