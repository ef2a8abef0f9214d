"""How a text came to stand in several places: one account said it again, many passed it on, or outlets carry it."""

# Feeds carry articles: the site is who speaks where no author is named. A link counts without what only tracks it.
SPREADS = r"""
create or replace temp table spreads as
with
articles as (
    select
        clustered.*,
        coalesce(networks.is_feed, false) as is_feed
    from clustered
    left join core.networks as networks on clustered.network = networks.network
),
links as (
    select distinct
        cluster,
        mention_id,
        regexp_replace(
            regexp_replace(lower(link), '#.*$|[?&](utm_[^&]*|fbclid=[^&]*|ref=[^&]*)|[/.,;:!?)]+$', '', 'g'),
            '^https?://(www\.)?', ''
        ) as link
    from (
        select
            cluster,
            mention_id,
            unnest(regexp_extract_all(
                concat_ws(' ', text, case when is_feed then url end), 'https?://[^\s<>"]+'
            )) as link
        from articles
    )
),
common_links as (
    select
        cluster,
        max(mentions_count) as mentions_count
    from (
        select cluster, link, count(*) as mentions_count
        from links
        group by cluster, link
    )
    group by cluster
),
told as (
    select
        cluster,
        count(*) as mentions_count,
        count(distinct coalesce(author_id, outlet)) as voices_count,
        count_if(author_id is null and outlet is null) as unknown_count,
        count_if(outlet is not null) as entries_count,
        count(distinct outlet) as outlets_count
    from (
        select
            *,
            case when is_feed then coalesce(regexp_extract(url, '^https?://(?:www\.)?([^/?#]+)', 1), source) end
                as outlet
        from articles
    )
    group by cluster
)
select
    told.cluster,
    case
        when
            told.voices_count > 1
            and (
                common_links.mentions_count * 2 > told.mentions_count
                or (told.outlets_count > 1 and told.entries_count * 2 > told.mentions_count)
            )
            then 'syndicated'
        when told.voices_count > 1 then 'copypasta'
        when told.unknown_count = 0 then 'repeated'
    end as spread
from told
left join common_links on told.cluster = common_links.cluster
"""
"""Makes the temporary table `spreads` (cluster, spread) from the one of clustered mentions. By rule:

repeated = a single account; syndicated = several accounts or sites, and more than half of the mentions share one link
or are entries of feeds from more than one site; copypasta = several accounts otherwise. NULL = too few of those who
wrote are known to tell.
"""
