with candidates as (
    select
        mentions.*,
        items.matched_terms as theme_terms,
        -- what the writer wants bears out the sentiment, or not: praise that is none makes a poor example
        coalesce(
            case items.polarity
                when 'good'
                    then
                        list_contains(mentions.intents, 'praise')
                        and not list_has_any(mentions.intents, ['complaint', 'bug_report', 'churn_risk'])
                when 'bad' then list_has_any(mentions.intents, ['complaint', 'bug_report', 'churn_risk'])
            end,
            false
        )::int + coalesce(abs(mentions.compound) >= 0.4, false)::int as clearness
    from marts.feedback_items as items
    inner join marts.mentions as mentions using (mention_id, brand_id)
    where
        items.brand_id = $brand_id
        and items.theme_id = $theme_id
        and items.polarity in (select unnest($polarities))
        and items.created_date between $from_day and $to_day
        and items.is_duplicate is not true
        and not list_has_any(mentions.flags, ['spam', 'scam', 'promotion'])
        and items.source in (select unnest($sources))
    qualify row_number() over (
        partition by coalesce(mentions.author_id, mentions.mention_id)
        order by clearness desc, mentions.engagement desc nulls last, mentions.mention_id asc
    ) = 1
)

select
    mention_id,
    left(title, 500) as title,
    left(text, 20000) as text,
    url,
    lang,
    network,
    community,
    author_handle,
    author_name,
    created_at,
    likes,
    score,
    engagement,
    sentiment_label,
    compound,
    theme_terms as matched_terms
from candidates
order by clearness desc, engagement desc nulls last, abs(compound) desc nulls last, created_at desc, mention_id asc
limit $limit
