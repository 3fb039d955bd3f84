with codes as (select * from {{ ref('stg_codes') }}),

links as (select * from {{ ref('stg_links') }}),

deliverables as (select * from {{ ref('stg_deliverables') }}),

costs as (select * from {{ ref('stg_costs') }}),

final as (
    select
        campaign_id,
        influencer_id
    from codes
    union distinct
    select
        campaign_id,
        influencer_id
    from links
    union distinct
    select
        campaign_id,
        influencer_id
    from deliverables
    union distinct
    select
        campaign_id,
        influencer_id
    from costs
    where influencer_id is not null
)

select * from final
