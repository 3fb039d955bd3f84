with source as (select * from {{ source('reference', 'codes') }}),

final as (
    select
        -- ids
        code,
        normalised_code,
        influencer_id,
        campaign_id,
        commission_plan_id,
        -- texts
        credit_policy,
        -- times
        cast(valid_from as timestamptz) as valid_from,
        cast(valid_to as timestamptz) as valid_to,
        cast(compromised_at as timestamptz) as compromised_at
    from source
)

select * from final
