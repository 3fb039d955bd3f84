with former as (select * from {{ source('lake', 'former_days') }}),

credits as (select * from {{ ref('int_credits') }}),

final as (
    select
        influencer_id,
        campaign_id,
        day,
        model
    from former
    union distinct
    select
        influencer_id,
        campaign_id,
        day,
        model
    from credits
    where influencer_id is not null and {{ moved('changed_credits') }}
)

select * from final
