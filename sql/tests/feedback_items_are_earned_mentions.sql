-- every item is an earned mention of its brand
with

mentions as (
    select * from {{ ref('mentions') }}
    where is_earned
),

strays as (
    select
        feedback_items.feedback_id,
        feedback_items.mention_id,
        feedback_items.brand_id
    from {{ ref('feedback_items') }} as feedback_items
    anti join mentions
        on
            feedback_items.mention_id = mentions.mention_id
            and feedback_items.brand_id = mentions.brand_id
)

select * from strays
