with claims as (select * from {{ ref('fct_claims') }}),

final as (
    select
        code,
        order_id,
        count(*) as uses,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at
    from claims
    where reason = 'unknown_code'
    group by code, order_id
)

select * from final
