-- the ranking was made from other mentions than the marts: does `discover` run after `load`?
{{ config(severity='warn') }}

with

differences as (
    select
        author_id,
        brand_id,
        influence.mentions_count as ranked_mentions_count,
        influencers.mentions_count,
        influence.engagement_count as ranked_engagement_count,
        influencers.engagement_count
    from {{ ref('stg_influence') }} as influence
    left join {{ ref('influencers') }} as influencers using (author_id, brand_id)
    where
        influence.mentions_count is distinct from influencers.mentions_count
        or coalesce(influence.engagement_count, 0) != coalesce(influencers.engagement_count, 0)
)

select * from differences
