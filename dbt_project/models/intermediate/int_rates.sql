with rates as (select * from {{ ref('stg_fx_rates') }}),

currencies as (select * from {{ ref('stg_currencies') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

dated as (
    select
        currency,
        rate_date,
        rate
    from rates
    where currency != (select settings.reporting_currency from settings)
    union all
    select
        reporting_currency as currency,
        cast('0001-01-01' as date) as rate_date,
        cast(1 as decimal(38, 18)) as rate
    from settings
),

parts as (  -- the rate's 18 decimals as a whole number: a product of decimals would overflow
    select
        dated.currency,
        dated.rate_date,
        cast(replace(cast(dated.rate as varchar), '.', '') as hugeint) * reporting.units as worth,
        cast(1000000000000000000 as hugeint) * currencies.units as worth_base
    from dated
    inner join currencies on dated.currency = currencies.currency
    inner join settings on true
    inner join currencies as reporting on settings.reporting_currency = reporting.currency
),

final as (  -- what a minor unit of the currency is worth: a reduced quotient, so that products stay within 128 bits
    select
        currency,
        rate_date,
        worth // gcd(worth, worth_base) as worth,
        worth_base // gcd(worth, worth_base) as worth_base
    from parts
)

select * from final
