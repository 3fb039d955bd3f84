with source as (select * from {{ source('reference', 'deliverables') }}),

final as (
    select
        -- ids
        deliverable_id,
        campaign_id,
        influencer_id,
        required_link_id,
        -- texts
        platform,
        content_type,
        required_hashtags,
        normalised_required_hashtags,
        required_code,
        -- times
        cast(due_on as date) as due_on
    from source
)

select * from final
