with source as (select * from {{ source('reference', 'links') }}),

final as (
    select
        -- ids
        link_id,
        influencer_id,
        campaign_id,
        post_id,
        -- texts
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        -- times
        cast(valid_from as timestamptz) as valid_from,
        cast(valid_to as timestamptz) as valid_to
    from source
)

select * from final
