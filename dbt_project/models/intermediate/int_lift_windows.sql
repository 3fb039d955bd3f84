with campaigns as (select * from {{ ref('stg_campaigns') }}),

compared as (select * from {{ ref('int_lift_rows') }}),

orders as (select * from {{ ref('int_orders') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

known as (  -- whole days alone: from when the lake's orders are complete, as far as they are told, to the watermark
    select
        coalesce(settings.history_from, min(orders.ordered_at)) as from_at,
        settings.watermark as to_at
    from settings
    left join orders on true
    group by settings.history_from, settings.watermark
),

dated as (
    select
        campaigns.campaign_id,
        campaigns.timezone,
        cast(timezone(campaigns.timezone, campaigns.starts_at) as date) as starts_on,
        cast(timezone(campaigns.timezone, campaigns.ends_at - interval 1 microsecond) as date) as ends_on,
        cast(timezone(campaigns.timezone, known.from_at - interval 1 microsecond) as date) + 1 as known_from,
        cast(timezone(campaigns.timezone, known.to_at) as date) - 1 as known_to,
        campaigns.baseline_days
    from campaigns
    cross join known
),

measured as (
    select
        *,
        cast(coalesce(baseline_days, least(ends_on - starts_on + 1, 28)) as integer) as baseline
    from dated
),

periods as (
    select
        campaign_id,
        timezone,
        known_from,
        known_to,
        unnest([
            { 'period': 'before', 'first_day': starts_on - baseline, 'last_day': starts_on - 1 },
            { 'period': 'during', 'first_day': starts_on, 'last_day': ends_on },
            { 'period': 'after', 'first_day': ends_on + 1, 'last_day': ends_on + baseline }
        ]) as span
    from measured
),

final as (
    select
        compared.campaign_id,
        compared.influencer_id,
        periods.timezone,
        periods.span.period,
        greatest(periods.span.first_day, periods.known_from) as first_day,
        least(periods.span.last_day, periods.known_to) as last_day
    from compared
    inner join periods using (campaign_id)
    where
        periods.known_from is not null
        and periods.known_to is not null
        and greatest(periods.span.first_day, periods.known_from) <= least(periods.span.last_day, periods.known_to)
)

select * from final
