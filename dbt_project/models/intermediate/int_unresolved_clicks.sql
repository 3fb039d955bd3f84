{{ config(materialized='view') }}

with source as (select * from {{ source('lake', 'unresolved_clicks') }}),

final as (
    select
        -- ids
        event_id,
        visitor_id,
        named_link_id as link_id,
        -- texts
        reason,
        nullif(utm_source, '') as utm_source,
        nullif(utm_medium, '') as utm_medium,
        nullif(utm_campaign, '') as utm_campaign,
        nullif(utm_content, '') as utm_content,
        nullif(utm_term, '') as utm_term,
        -- yes or no
        is_bot,
        -- times
        occurred_at
    from source
)

select * from final
