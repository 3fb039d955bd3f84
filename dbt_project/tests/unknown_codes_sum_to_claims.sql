-- Every claim by a code that nobody has is one use of an unknown code, no more and no less.
with codes as (select * from {{ ref('fct_unknown_codes') }}),

claims as (select * from {{ ref('fct_claims') }}),

moves as (
    select
        code,
        uses
    from codes
    union all
    select
        code,
        -1 as uses
    from claims
    where reason = 'unknown_code'
),

final as (
    select
        code,
        sum(uses) as use_gap
    from moves
    group by code
    having sum(uses) != 0
)

select * from final
