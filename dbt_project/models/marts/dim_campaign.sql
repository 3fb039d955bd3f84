with campaigns as (select * from {{ ref('stg_campaigns') }}),

final as (
    select
        campaign_id,
        name,
        brand,
        starts_at,
        ends_at,
        timezone,
        currency,
        baseline_days,
        commission_plan_id
    from campaigns
)

select * from final
