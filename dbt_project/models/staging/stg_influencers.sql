with source as (select * from {{ source('reference', 'influencers') }}),

final as (
    select
        -- ids
        influencer_id,
        customer_id,
        -- texts
        handle,
        name,
        platform,
        tier,
        country,
        partnership_type,
        -- numbers
        cast(followers as bigint) as followers
    from source
)

select * from final
