-- nothing is lost and nothing doubled between core and mentions
with

expected as (
    select
        (select count(*) from {{ ref('stg_mentions') }}) as mentions_count,
        (select count(*) from {{ ref('stg_brand_mentions') }}) as brand_rows_count
),

counted as (
    select
        count(distinct mention_id) as mentions_count,
        count(brand_id) as brand_rows_count
    from {{ ref('mentions') }}
),

differences as (
    select
        expected.mentions_count as expected_mentions_count,
        counted.mentions_count as counted_mentions_count,
        expected.brand_rows_count as expected_brand_rows_count,
        counted.brand_rows_count as counted_brand_rows_count
    from expected
    cross join counted
    where
        expected.mentions_count != counted.mentions_count
        or expected.brand_rows_count != counted.brand_rows_count
)

select * from differences
