with source as (select * from {{ source('reference', 'targets') }}),

final as (
    select
        -- ids
        campaign_id,
        influencer_id,
        -- texts
        metric,
        -- numbers
        cast(target as decimal(38, 18)) as target,
        -- times
        cast(starts_on as date) as starts_on,
        cast(ends_on as date) as ends_on
    from source
)

select * from final
