with codes as (select * from {{ ref('stg_codes') }}),

final as (
    select
        normalised_code as code,
        code as code_as_written,
        influencer_id,
        campaign_id,
        valid_from,
        valid_to,
        credit_policy,
        commission_plan_id,
        compromised_at
    from codes
)

select * from final
