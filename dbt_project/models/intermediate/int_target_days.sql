with targets as (select * from {{ ref('stg_targets') }}),

facts as (select * from {{ ref('int_target_facts') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

begun as (
    select
        targets.*,
        timezone(campaigns.timezone, settings.watermark) as now_there
    from targets
    inner join campaigns using (campaign_id)
    cross join settings
    where targets.starts_on <= cast(timezone(campaigns.timezone, settings.watermark) as date)
),

days as (
    select
        campaign_id,
        influencer_id,
        metric,
        starts_on,
        ends_on,
        now_there,
        cast(
            unnest(generate_series(starts_on, least(ends_on, cast(now_there as date)), interval 1 day)) as date
        ) as day
    from begun
),

final as (
    select
        days.campaign_id,
        days.influencer_id,
        days.metric,
        days.starts_on,
        days.ends_on,
        days.day,
        days.day < cast(days.now_there as date) as is_over,
        case
            when count(*) filter (where facts.day is not null) = count(facts.amount)
                then cast(coalesce(sum(facts.amount), 0) as decimal(38, 4))
        end as amount
    from days
    left join facts
        on
            days.campaign_id = facts.campaign_id
            and days.metric = facts.metric
            and days.day = facts.day
            and (days.influencer_id is null or days.influencer_id = facts.influencer_id)
    group by
        days.campaign_id, days.influencer_id, days.metric, days.starts_on, days.ends_on, days.day, days.now_there
)

select * from final
