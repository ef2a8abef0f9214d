-- no theme has more mentions of a brand on a day than the brand has
with

excesses as (
    select
        theme_days.theme_id,
        theme_days.brand_id,
        theme_days.day_date,
        theme_days.source,
        theme_days.mentions_count as theme_mentions_count,
        brand_days.mentions_count as brand_mentions_count
    from {{ ref('theme_days') }} as theme_days
    left join {{ ref('brand_days') }} as brand_days
        on
            theme_days.brand_id = brand_days.brand_id
            and theme_days.day_date = brand_days.day_date
            and theme_days.source = brand_days.source
            and theme_days.network = brand_days.network
    where
        brand_days.brand_id is null
        or theme_days.mentions_count > brand_days.mentions_count
        or theme_days.positive_count > brand_days.positive_count
        or theme_days.neutral_count > brand_days.neutral_count
        or theme_days.negative_count > brand_days.negative_count
        or theme_days.unscored_count > brand_days.unscored_count
        or theme_days.engagement_count > brand_days.engagement_count
)

select * from excesses
