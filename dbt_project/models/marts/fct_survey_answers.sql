with answers as (select * from {{ ref('int_survey_answers') }}),

mentions as (select * from {{ ref('int_survey_mentions') }}),

orders as (select * from {{ ref('fct_orders') }}),

common as (  -- what one or two people wrote is theirs alone
    select answer
    from answers
    group by answer
    having count(*) >= 3
),

said as (
    select
        cast(date_trunc('month', orders.day) as date) as month,
        orders.winner_campaign_id as campaign_id,
        mentions.influencer_id,
        case when mentions.influencer_id is null then coalesce(common.answer, 'other answers') end as answer,
        orders.winner_influencer_id,
        orders.net_revenue
    from answers
    inner join orders using (order_id)
    left join mentions on answers.answer = mentions.answer
    left join common on answers.answer = common.answer
),

final as (
    select
        month,
        campaign_id,
        influencer_id,
        answer,
        count(*) as orders,
        count(*) filter (where winner_influencer_id = influencer_id) as credited_to_named,
        count(*) filter (
            where winner_influencer_id is not null and winner_influencer_id is distinct from influencer_id
        ) as credited_to_others,
        count(*) filter (where winner_influencer_id is null) as credited_to_nobody,
        cast(coalesce(sum(net_revenue), 0) as decimal(38, 4)) as net_revenue
    from said
    group by month, campaign_id, influencer_id, answer
)

select * from final
