-- The months of a channel are its days, converted here anew, each at its own rate.
with channels as (select * from {{ ref('stg_channels') }}),

rates as (select * from {{ ref('int_rates') }}),

currencies as (select * from {{ ref('stg_currencies') }}),

months as (select * from {{ ref('fct_channel_benchmark') }}),

latest as (
    select
        channels.channel,
        channels.day,
        channels.spend,
        max(rates.rate_date) as rate_date
    from channels
    left join rates on channels.currency = rates.currency and channels.day >= rates.rate_date
    group by channels.channel, channels.day, channels.spend
),

converted as (
    select
        latest.channel,
        latest.rate_date is null as is_unpriced,
        {{ divide_half_even('cast(latest.spend * currencies.units as hugeint) * rates.worth', 'rates.worth_base') }}
            as spend_minor
    from latest
    inner join channels on latest.channel = channels.channel and latest.day = channels.day
    left join currencies on channels.currency = currencies.currency
    left join rates on channels.currency = rates.currency and latest.rate_date = rates.rate_date
),

spent as (
    select
        channel,
        bool_or(is_unpriced) as is_unpriced,
        {{ minor_to_decimal('sum(spend_minor)') }} as spend
    from converted
    group by channel
),

shown as (
    select
        channel,
        bool_or(spend is null) as is_unpriced,
        sum(spend) as spend
    from months
    where claimed_by = 'itself'
    group by channel
),

final as (
    select
        channel,
        spent.spend as spend_in_reference,
        shown.spend as spend_in_mart
    from spent
    full join shown using (channel)
    where
        spent.is_unpriced is distinct from shown.is_unpriced
        or (not spent.is_unpriced and spent.spend is distinct from shown.spend)
)

select * from final
