with journeys as (select * from {{ ref('int_journeys') }}),

attributions as (select * from {{ ref('int_current_attributions') }}),

clicks as (select * from {{ ref('stg_resolved_clicks') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

versions as (select * from {{ ref('stg_reference_versions') }}),

transforms as (
    select
        coalesce(
            json_extract_string(arg_max(settings, (recorded_at, reference_version)), '$.path_transform'), 'none'
        ) as path_transform
    from versions
),

claimed as (
    select
        visitor_id,
        unnest([c.claim_id for c in claims if c.valid and c.kind = 'link']) as event_id
    from attributions
),

unclaimed as (
    select
        clicks.visitor_id,
        clicks.event_id,
        clicks.occurred_at,
        clicks.influencer_id,
        clicks.campaign_id,
        cast(date_trunc('month', timezone(coalesce(campaigns.timezone, 'UTC'), clicks.occurred_at)) as date) as month
    from clicks
    left join campaigns using (campaign_id)
    anti join claimed on clicks.visitor_id = claimed.visitor_id and clicks.event_id = claimed.event_id
    where clicks.reason is null and not clicks.is_bot
),

compared as (
    select
        *,
        lag(influencer_id) over (partition by visitor_id, month order by occurred_at, event_id) as influencer_before,
        row_number() over (
            partition by visitor_id, month, influencer_id order by occurred_at, event_id
        ) as nth_of_influencer
    from unclaimed
),

visits as (
    select
        compared.month,
        arg_max(compared.campaign_id, (compared.occurred_at, compared.event_id)) as campaign_id,
        list(compared.influencer_id order by compared.occurred_at, compared.event_id) as influencers
    from compared
    cross join transforms
    where  -- as the lake's journeys are
        case transforms.path_transform
            when 'unique' then compared.nth_of_influencer = 1
            when 'collapse_repeats' then compared.influencer_before is distinct from compared.influencer_id
            else true
        end
    group by compared.visitor_id, compared.month
),

paths as (
    select
        journeys.campaign_id,
        journeys.month,
        journeys.influencers,
        true as converts,
        attributions.net_reporting_minor
    from journeys
    inner join attributions using (order_id)
    union all by name
    select
        campaign_id,
        month,
        influencers,
        false as converts
    from visits
),

final as (
    select
        campaign_id,
        month,
        influencers,
        count(*) filter (where converts) as conversions,
        count(*) filter (where not converts) as null_paths,
        cast(coalesce(sum(net_reporting_minor), 0) as decimal(38, 0)) as net_reporting_minor
    from paths
    group by campaign_id, month, influencers
)

select * from final
