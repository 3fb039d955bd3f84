{{ config(materialized='incremental', incremental_strategy='all') }}

with link_days as (select * from {{ ref('int_link_days') }}),

clicks as (select * from {{ ref('stg_resolved_clicks') }}),

attributions as (select * from {{ ref('int_current_attributions') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

zones as (
    select
        campaigns.campaign_id,
        campaigns.timezone,
        cast(
            timezone(campaigns.timezone, settings.watermark - to_days(settings.lateness_days)) as date
        ) as unsettled_from
    from campaigns
    cross join settings
),

visited as (
    select link_days.*
    from link_days
    inner join zones on link_days.campaign_id = zones.campaign_id and link_days.day < zones.unsettled_from
    where link_days.holding_clicks > 0
),

claimed as (
    select
        visitor_id,
        unnest([c for c in claims if c.kind = 'link' and {{ stands_unless_suspected('c') }}]) as claim
    from attributions
    where visitor_id is not null
),

told as (
    select
        visitor_id,
        claim.claim_id,
        claim.campaign_id,
        claim.influencer_id,
        claim.link_id,
        claim.occurred_at
    from claimed
),

bought as (
    select
        told.campaign_id,
        told.influencer_id,
        told.link_id,
        cast(timezone(zones.timezone, told.occurred_at) as date) as day,
        count(distinct struct_pack(visitor_id := told.visitor_id, claim_id := told.claim_id)) as clicks
    from told
    inner join zones on told.campaign_id = zones.campaign_id
    group by told.campaign_id, told.influencer_id, told.link_id, day
),

placed as (
    select
        visited.campaign_id,
        visited.influencer_id,
        visited.link_id,
        visited.day,
        visited.holding_clicks as clicks,
        coalesce(bought.clicks, 0) as claimed_clicks
    from visited
    left join bought using (campaign_id, influencer_id, link_id, day)
),

rates as (
    select
        campaign_id,
        sum(claimed_clicks) / sum(clicks) as rate
    from placed
    group by campaign_id
),

barren as (
    select
        placed.campaign_id,
        placed.influencer_id,
        placed.link_id,
        placed.day,
        rates.rate
    from placed
    inner join rates using (campaign_id)
    where placed.claimed_clicks = 0 and placed.clicks * rates.rate >= 10
),

{% if goes_on() -%}
known as (  -- to count a day's visitors is dear: again only where clicks came to it
    select
        barren.*,
        former.clicks,
        former.visitors
    from barren
    inner join {{ this }} as former using (campaign_id, influencer_id, link_id, day)
    where not {{ moved('recounted_link_days') }}
),

{% endif -%}
uncounted as (
    select barren.*
    from barren
    {% if goes_on() %}anti join known using (campaign_id, influencer_id, link_id, day){% endif %}
),

barren_links as (select distinct link_id from uncounted),

suspects as (
    select
        clicks.campaign_id,
        clicks.influencer_id,
        clicks.link_id,
        clicks.visitor_id,
        clicks.day
    from clicks
    semi join barren_links using (link_id)
    where clicks.influencer_id is not null and clicks.reason is null and not clicks.is_bot
),

counted as (
    select
        uncounted.campaign_id,
        uncounted.influencer_id,
        uncounted.link_id,
        uncounted.day,
        any_value(uncounted.rate) as rate,
        count(*) as clicks,
        count(distinct suspects.visitor_id) as visitors
    from uncounted
    inner join suspects using (campaign_id, influencer_id, link_id, day)
    group by uncounted.campaign_id, uncounted.influencer_id, uncounted.link_id, uncounted.day
),

final as (
    select * from counted
    {% if goes_on() %}
    union all by name
    select * from known
    {% endif %}
)

select * from final
