with links as (select * from {{ ref('stg_links') }}),

final as (
    select
        link_id,
        influencer_id,
        campaign_id,
        post_id,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        valid_from,
        valid_to
    from links
)

select * from final
