with clicks as (select * from {{ ref('stg_resolved_clicks') }}),

attributions as (select * from {{ ref('int_current_attributions') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

valid as (
    select
        clicks.visitor_id,
        clicks.influencer_id,
        clicks.campaign_id,
        clicks.link_id,
        epoch_us(clicks.occurred_at) // 900000000 as slot  -- of 15 minutes: time zones are off by no less
    from clicks
    cross join settings
    where
        clicks.influencer_id is not null
        and clicks.reason is null
        and not clicks.is_bot
        and clicks.occurred_at < settings.watermark - to_days(settings.lateness_days)
),

visited as (
    select
        campaign_id,
        influencer_id,
        link_id,
        slot,
        count(*) as clicks
    from valid
    group by campaign_id, influencer_id, link_id, slot
),

claimed as (
    select
        visitor_id,
        unnest([c for c in claims if c.kind = 'link' and {{ stands_unless_suspected('c') }}]) as claim
    from attributions
    where visitor_id is not null
),

bought as (
    select
        claim.campaign_id,
        claim.influencer_id,
        claim.link_id,
        epoch_us(claim.occurred_at) // 900000000 as slot,
        count(distinct struct_pack(visitor_id := visitor_id, claim_id := claim.claim_id)) as clicks
    from claimed
    group by claim.campaign_id, claim.influencer_id, claim.link_id, slot
),

placed as (
    select
        visited.campaign_id,
        visited.influencer_id,
        visited.link_id,
        visited.slot,
        visited.clicks,
        coalesce(bought.clicks, 0) as claimed_clicks,
        cast(
            timezone(coalesce(campaigns.timezone, 'UTC'), make_timestamptz(visited.slot * 900000000)) as date
        ) as day
    from visited
    left join bought using (campaign_id, influencer_id, link_id, slot)
    left join campaigns on visited.campaign_id = campaigns.campaign_id
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
        any_value(rates.rate) as rate,
        list(placed.slot) as slots
    from placed
    inner join rates using (campaign_id)
    group by placed.campaign_id, placed.influencer_id, placed.link_id, placed.day
    having sum(placed.claimed_clicks) = 0 and sum(placed.clicks) * any_value(rates.rate) >= 10
),

barren_slots as (
    select
        * exclude (slots),
        unnest(slots) as slot
    from barren
),

counted as (
    select
        barren_slots.campaign_id,
        barren_slots.influencer_id,
        barren_slots.link_id,
        barren_slots.day,
        any_value(barren_slots.rate) as rate,
        count(*) as clicks,
        count(distinct valid.visitor_id) as visitors
    from barren_slots
    inner join valid using (campaign_id, influencer_id, link_id, slot)
    group by barren_slots.campaign_id, barren_slots.influencer_id, barren_slots.link_id, barren_slots.day
),

final as (  -- with ten orders to expect, chance leaves a link without any on one day of twenty thousand
    select
        campaign_id,
        influencer_id,
        link_id,
        day,
        clicks,
        visitors
    from counted
    where visitors * rate >= 10
)

select * from final
