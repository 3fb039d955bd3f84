with source as (select * from {{ source('reference', 'costs') }}),

final as (
    select
        -- ids
        cost_id,
        campaign_id,
        influencer_id,
        post_id,
        -- texts
        category,
        currency,
        -- numbers
        cast(amount as decimal(20, 4)) as amount,
        -- times
        cast(incurred_on as date) as incurred_on,
        cast(period_start as date) as period_start,
        cast(period_end as date) as period_end
    from source
)

select * from final
