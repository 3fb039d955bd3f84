with targets as (select * from {{ ref('stg_targets') }}),

days as (select * from {{ ref('int_target_days') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

quantiles as (  -- of Student's t, for 95 % on both sides, by degrees of freedom; beyond them the normal one is near
    select unnest([
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
        2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
        2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042
    ]) as quantile
),

by_degrees as (
    select
        quantile,
        row_number() over (order by quantile desc) as degrees
    from quantiles
),

counted as (
    select
        campaign_id,
        influencer_id,
        metric,
        starts_on,
        ends_on,
        case when count(*) = count(amount) then sum(amount) end as actual,
        count(*) filter (where is_over) as days_over,
        avg(cast(amount as double)) filter (where is_over) as daily_mean,
        var_samp(cast(amount as double)) filter (where is_over) as daily_variance
    from days
    group by campaign_id, influencer_id, metric, starts_on, ends_on
),

timed as (
    select
        targets.campaign_id,
        targets.influencer_id,
        targets.metric,
        targets.target,
        targets.starts_on,
        targets.ends_on,
        cast(targets.ends_on - targets.starts_on + 1 as double) as days_total,
        coalesce(
            epoch(timezone(campaigns.timezone, settings.watermark) - cast(targets.starts_on as timestamp)) / 86400, -1
        ) as days_since_start,
        cast(timezone(campaigns.timezone, settings.watermark) as date) as as_of
    from targets
    inner join campaigns using (campaign_id)
    cross join settings
),

placed as (
    select
        *,
        greatest(0, least(days_total, days_since_start)) as days_elapsed,
        days_since_start < 0 as is_before,
        days_since_start >= days_total as is_ended
    from timed
),

projected as (
    select
        placed.*,
        case
            when placed.is_before or counted.campaign_id is null then cast(0 as decimal(38, 4))
            else counted.actual
        end as actual,
        case
            when counted.days_over >= 3 then counted.daily_mean * (placed.days_total - placed.days_elapsed)
        end as outstanding,
        case
            when counted.days_over >= 3
                then
                    coalesce(by_degrees.quantile, 1.960)
                    * sqrt(
                        counted.daily_variance
                        * (
                            placed.days_total - placed.days_elapsed
                            + (placed.days_total - placed.days_elapsed) ** 2 / counted.days_over
                        )
                    )
        end as margin
    from placed
    left join counted
        on
            placed.campaign_id = counted.campaign_id
            and placed.influencer_id is not distinct from counted.influencer_id
            and placed.metric = counted.metric
            and placed.starts_on = counted.starts_on
            and placed.ends_on = counted.ends_on
    left join by_degrees on counted.days_over - 1 = by_degrees.degrees
),

final as (
    select
        campaign_id,
        influencer_id,
        metric,
        target,
        starts_on,
        ends_on,
        as_of,
        days_total,
        days_elapsed,
        is_before,
        is_ended,
        actual,
        days_elapsed / days_total as time_share,
        cast(cast(target as double) * days_elapsed / days_total as decimal(38, 4)) as expected,
        case when is_ended then actual else cast(actual + outstanding as decimal(38, 4)) end as projected,
        case
            when is_ended then actual
            when outstanding > margin then cast(actual + outstanding - margin as decimal(38, 4))
            when margin is not null then actual
        end as projected_low,
        case when is_ended then actual else cast(actual + outstanding + margin as decimal(38, 4)) end as projected_high
    from projected
)

select * from final
