with snapshots as (select * from {{ ref('stg_post_metrics') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

rate_card as (select * from {{ ref('stg_rate_card') }}),

rates as (select * from {{ ref('int_rates') }}),

currencies as (select * from {{ ref('stg_currencies') }}),

latest as (
    select
        *,
        coalesce(posted_at, min(occurred_at) over (partition by post_id)) as published_at
    from snapshots
    qualify row_number() over (partition by post_id order by occurred_at desc, event_id desc) = 1
),

measured as (
    select
        post_id,
        influencer_id,
        campaign_id,
        platform,
        content_type,
        published_at,
        cast(timezone('UTC', published_at) as date) as published_on,
        impressions,
        reach,
        views,
        coalesce(likes, 0) + coalesce(comments, 0) + coalesce(shares, 0) + coalesce(saves, 0) as engagements
    from latest
),

priced as (  -- in the billionth part of the card's currency
    select
        measured.*,
        rate_card.currency,
        cast(rate_card.cpm * 1000000 as hugeint) * coalesce(measured.impressions, 0)
        + cast(rate_card.cpe * 1000000 as hugeint) * 1000 * measured.engagements as price
    from measured
    left join rate_card
        on measured.platform = rate_card.platform and measured.content_type = rate_card.content_type
),

valued as (
    select
        priced.*,
        priced.price * rates.worth * currencies.units as value_part,
        rates.worth_base * 1000000000 as value_base
    from priced
    asof left join rates on priced.currency = rates.currency and priced.published_on >= rates.rate_date
    left join currencies on priced.currency = currencies.currency
),

final as (
    select
        valued.post_id,
        valued.influencer_id,
        valued.campaign_id,
        valued.platform,
        valued.content_type,
        valued.published_at,
        valued.impressions,
        valued.reach,
        valued.views,
        valued.engagements,
        cast(timezone(coalesce(campaigns.timezone, 'UTC'), valued.published_at) as date) as day,
        cast({{ divide_half_even('valued.value_part', 'valued.value_base') }} as bigint) as emv_minor
    from valued
    left join campaigns using (campaign_id)
)

select * from final
