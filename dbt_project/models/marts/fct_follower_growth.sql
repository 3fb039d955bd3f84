with snapshots as (select * from {{ ref('stg_post_metrics') }}),

posts as (select * from {{ ref('int_post_days') }}),

counted as (  -- an influencer's accounts on two platforms are two audiences
    select
        influencer_id,
        platform,
        cast(timezone('UTC', occurred_at) as date) as day,
        arg_max(followers, (occurred_at, event_id)) as followers
    from snapshots
    where followers is not null
    group by influencer_id, platform, cast(timezone('UTC', occurred_at) as date)
),

grown as (
    select
        *,
        lag(day) over days as day_before,
        followers - lag(followers) over days as growth,
        {{ ratio('followers - lag(followers) over days', 'lag(followers) over days') }} as growth_share
    from counted
    window days as (partition by influencer_id, platform order by day)
),

reached as (
    select
        influencer_id,
        platform,
        day,
        cast(sum(reach) as bigint) as reach
    from posts
    group by influencer_id, platform, day
),

seen as (
    select
        grown.influencer_id,
        grown.platform,
        grown.day,
        cast(sum(reached.reach) as bigint) as reach
    from grown
    left join reached
        on
            grown.influencer_id = reached.influencer_id
            and grown.platform = reached.platform
            and grown.day >= reached.day
            and coalesce(grown.day_before, grown.day - 1) < reached.day
    group by grown.influencer_id, grown.platform, grown.day
),

paced as (
    select
        *,
        growth_share / (day - day_before) as daily_share
    from grown
),

usual as (
    select
        influencer_id,
        platform,
        count(daily_share) as measured_days,
        median(daily_share) as usual_share,
        1.4826 * mad(daily_share) as usual_spread
    from paced
    group by influencer_id, platform
),

final as (
    select
        paced.influencer_id,
        paced.platform,
        paced.day,
        paced.followers,
        paced.growth,
        paced.growth_share,
        seen.reach,
        case
            when usual.measured_days >= 7 and paced.growth is not null
                then
                    paced.daily_share >= 0.01
                    and paced.daily_share > usual.usual_share + 3.5 * usual.usual_spread
                    and paced.growth > 0.1 * greatest(0, coalesce(seen.reach, 0))
        end as is_odd
    from paced
    inner join usual using (influencer_id, platform)
    inner join seen using (influencer_id, platform, day)
)

select * from final
