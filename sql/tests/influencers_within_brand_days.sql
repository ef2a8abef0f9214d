-- the people of a brand together have no more mentions than the brand
with

people as (
    select
        brand_id,
        sum(mentions_count) as mentions_count
    from {{ ref('influencers') }}
    group by brand_id
),

brands as (
    select
        brand_id,
        sum(mentions_count) as mentions_count
    from {{ ref('brand_days') }}
    group by brand_id
),

excesses as (
    select
        brand_id,
        people.mentions_count as people_mentions_count,
        brands.mentions_count as brand_mentions_count
    from people
    left join brands using (brand_id)
    where people.mentions_count > coalesce(brands.mentions_count, 0)
)

select * from excesses
