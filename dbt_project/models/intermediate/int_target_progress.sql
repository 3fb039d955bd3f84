with targets as (select * from {{ ref('stg_targets') }}),

days as (select * from {{ ref('int_target_days') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

quantiles as (  -- of Student's t, for 95 % on both sides, by degrees of freedom; beyond them by Fisher's expansion
    select unnest([
        12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912,
        2.364624, 2.306004, 2.262157, 2.228139, 2.200985, 2.178813,
        2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922,
        2.093024, 2.085963, 2.079614, 2.073873, 2.068658, 2.063899,
        2.059539, 2.055529, 2.051831, 2.048407, 2.045230, 2.042272
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
                    coalesce(
                        by_degrees.quantile,
                        1.959964 + 2.372271 / (counted.days_over - 1) + 2.822499 / (counted.days_over - 1) ** 2
                        + 2.555855 / (counted.days_over - 1) ** 3
                    )
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
