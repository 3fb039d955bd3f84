with campaigns as (select * from {{ ref('stg_campaigns') }}),

members as (select * from {{ ref('int_campaign_influencers') }}),

final as (
    select
        campaign_id,
        influencer_id
    from members
    union all
    select
        campaign_id,
        null as influencer_id
    from campaigns
)

select * from final
