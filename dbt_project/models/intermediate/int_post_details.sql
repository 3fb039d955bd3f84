with snapshots as (select * from {{ ref('stg_post_metrics') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

rate_card as (select * from {{ ref('stg_rate_card') }}),

rates as (select * from {{ ref('int_rates') }}),

currencies as (select * from {{ ref('stg_currencies') }}),

newest as (
    select
        post_id,
        influencer_id,
        campaign_id,
        platform,
        content_type
    from snapshots
    qualify row_number() over (partition by post_id order by occurred_at desc, event_id desc) = 1
),

said as (  -- what a snapshot leaves out is as the one before said
    select
        post_id,
        arg_max(caption, (occurred_at, event_id)) as caption,
        coalesce(arg_max(posted_at, (occurred_at, event_id)), min(occurred_at)) as published_at,
        min(occurred_at) as first_measured_at,
        max(occurred_at) as last_measured_at
    from snapshots
    group by post_id
),

carded as (
    select
        newest.*,
        said.caption,
        said.published_at,
        said.first_measured_at,
        said.last_measured_at,
        rate_card.cpm,
        rate_card.cpe,
        rate_card.currency,
        cast(timezone('UTC', said.published_at) as date) as published_on
    from newest
    inner join said using (post_id)
    left join rate_card
        on newest.platform = rate_card.platform and newest.content_type = rate_card.content_type
),

final as (
    select
        carded.post_id,
        carded.influencer_id,
        carded.campaign_id,
        carded.platform,
        carded.content_type,
        carded.caption,
        carded.published_at,
        carded.first_measured_at,
        carded.last_measured_at,
        coalesce(campaigns.timezone, 'UTC') as timezone,
        cast(carded.cpm * 1000000 as hugeint) * rates.worth * currencies.units as impression_parts,
        cast(carded.cpe * 1000000 as hugeint) * 1000 * rates.worth * currencies.units as engagement_parts,
        rates.worth_base * 1000000000 as parts_of_a_unit
    from carded
    asof left join rates on carded.currency = rates.currency and carded.published_on >= rates.rate_date
    left join currencies on carded.currency = currencies.currency
    left join campaigns on carded.campaign_id = campaigns.campaign_id
)

select * from final
