with journeys as (select * from {{ ref('int_journeys') }}),

attributions as (select * from {{ ref('int_current_attributions') }}),

visits as (select * from {{ ref('int_visits') }}),

converted as (
    select
        journeys.campaign_id,
        journeys.month,
        journeys.influencers,
        count(*) as conversions,
        0 as null_paths,
        cast(coalesce(sum(attributions.net_reporting_minor), 0) as decimal(38, 0)) as net_reporting_minor
    from journeys
    inner join attributions using (order_id)
    group by journeys.campaign_id, journeys.month, journeys.influencers
),

visited as (
    select
        campaign_id,
        month,
        influencers,
        0 as conversions,
        count(*) as null_paths,
        cast(0 as decimal(38, 0)) as net_reporting_minor
    from visits
    group by campaign_id, month, influencers
),

paths as (
    select * from converted
    union all
    select * from visited
),

final as (
    select
        campaign_id,
        month,
        influencers,
        cast(sum(conversions) as bigint) as conversions,
        cast(sum(null_paths) as bigint) as null_paths,
        sum(net_reporting_minor) as net_reporting_minor
    from paths
    group by campaign_id, month, influencers
)

select * from final
