with influencers as (select * from {{ ref('dim_influencer') }}),

audits as (select * from {{ ref('stg_audience_quality') }}),

growth as (select * from {{ ref('fct_follower_growth') }}),

returns as (select * from {{ ref('fct_influencer_roi') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

newest as (
    select audits.*
    from audits
    inner join settings on audits.day <= cast(timezone('UTC', settings.watermark) as date)
    qualify row_number() over (partition by audits.influencer_id order by audits.day desc, audits.source asc) = 1
),

odd as (
    select
        influencer_id,
        count(*) filter (where is_odd) as odd_days
    from growth
    group by influencer_id
),

earned as (
    select
        influencer_id,
        case when count(*) = count(net_revenue) then sum(net_revenue) end as net_revenue,
        case when count(*) = count(cost_total) then sum(cost_total) end as cost_total,
        case when count(*) = count(profit) then sum(profit) end as profit
    from returns
    where model = 'policy'
    group by influencer_id
),

measured as (
    select
        influencers.influencer_id,
        influencers.platform,
        influencers.followers,
        newest.score,
        newest.source,
        newest.day as scored_on,
        cast(round(influencers.followers * newest.score) as bigint) as real_followers,
        odd.odd_days,
        case when earned.influencer_id is null then 0 else earned.net_revenue end as net_revenue,
        case when earned.influencer_id is null then 0 else earned.cost_total end as cost_total,
        case when earned.influencer_id is null then 0 else earned.profit end as profit
    from influencers
    left join newest using (influencer_id)
    left join odd using (influencer_id)
    left join earned using (influencer_id)
),

final as (
    select
        influencer_id,
        platform,
        followers,
        cast(score as double) as score,
        source,
        scored_on,
        real_followers,
        coalesce(odd_days, 0) as odd_days,
        cast(net_revenue as decimal(38, 4)) as net_revenue,
        cast(cost_total as decimal(38, 4)) as cost_total,
        cast(profit as decimal(38, 4)) as profit,
        {{ ratio('cost_total', 'real_followers') }} as cost_per_real_follower,
        {{ ratio('profit', 'real_followers') }} as profit_per_real_follower
    from measured
)

select * from final
