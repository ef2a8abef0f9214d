-- posts came from a network, and none of them is stored: are all of them in quarantine?
{{ config(severity='warn') }}

with

received as (
    select
        network,
        sum(posts_count) as posts_count
    from {{ ref('coverage') }}
    where not is_recheck
    group by network
),

losses as (
    select
        received.network,
        received.posts_count
    from received
    anti join {{ ref('stg_mentions') }} as mentions on received.network = mentions.network
    where received.posts_count > 0
)

select * from losses
