with credits as (select * from {{ ref('int_credits') }}),

final as (
    select distinct
        order_id,
        influencer_id,
        campaign_id,
        coalesce(influencer_id != winner_influencer_id, true) as assists_influencer,
        coalesce(campaign_id != winner_campaign_id, true) as assists_campaign
    from credits
    where model = 'linear' and influencer_id is not null
)

select * from final
