with influencers as (select * from {{ ref('stg_influencers') }}),

snapshots as (select * from {{ ref('stg_post_metrics') }}),

newest as (
    select
        influencer_id,
        arg_max(followers, (occurred_at, event_id)) as followers
    from snapshots
    where followers is not null
    group by influencer_id
),

followed as (
    select
        influencers.*,
        coalesce(influencers.followers, newest.followers) as current_followers
    from influencers
    left join newest using (influencer_id)
),

final as (
    select
        influencer_id,
        handle,
        name,
        platform,
        current_followers as followers,
        coalesce(
            tier,
            case
                when current_followers < 5000 then 'nano'
                when current_followers < 100000 then 'micro'
                when current_followers < 500000 then 'mid'
                when current_followers < 1000000 then 'macro'
                when current_followers >= 1000000 then 'mega'
            end
        ) as tier,
        country,
        partnership_type
    from followed
)

select * from final
