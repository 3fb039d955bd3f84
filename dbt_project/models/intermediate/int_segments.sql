with members as (
    select distinct
        influencer_id,
        campaign_id
    from {{ ref('int_influencer_day') }}
    where influencer_id is not null
),

influencers as (select * from {{ ref('dim_influencer') }}),

content as (select * from {{ ref('int_content_types') }}),

described as (
    select
        members.influencer_id,
        members.campaign_id,
        unnest(['tier', 'platform', 'content_type', 'partnership_type', 'country']) as segment,
        unnest([
            influencers.tier,
            influencers.platform,
            content.content_type,
            influencers.partnership_type,
            influencers.country
        ]) as segment_value
    from members
    left join influencers using (influencer_id)
    left join content using (influencer_id, campaign_id)
),

final as (
    select
        influencer_id,
        campaign_id,
        segment,
        coalesce(segment_value, 'unknown') as segment_value
    from described
)

select * from final
