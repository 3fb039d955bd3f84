with source as (select * from {{ source('reference', 'audience_quality') }}),

final as (
    select
        -- ids
        influencer_id,
        -- texts
        source,
        -- numbers
        cast(score as decimal(38, 18)) as score,
        -- times
        cast(day as date) as day
    from source
)

select * from final
