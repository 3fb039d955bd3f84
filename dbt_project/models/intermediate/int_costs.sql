with costs as (select * from {{ ref('int_costs_by_day') }}),

members as (select * from {{ ref('int_campaign_influencers') }}),

seats as (
    select
        campaign_id,
        influencer_id,
        row_number() over (partition by campaign_id order by influencer_id) as seat,
        count(*) over (partition by campaign_id) as seats
    from members
),

dealt as (
    select
        *,
        sum(reporting_minor) over (partition by cost_id order by day) as dealt_after,
        sum(reporting_minor) over (partition by cost_id order by day) - reporting_minor as dealt_before
    from costs
    where influencer_id is null
),

shared as (  -- unit by unit in turn, day after day: equal shares of the whole, and each day's amount is used up
    select
        dealt.cost_id,
        dealt.campaign_id,
        seats.influencer_id,
        dealt.category,
        dealt.day,
        (dealt.dealt_after + seats.seats - seats.seat) // seats.seats
        - (dealt.dealt_before + seats.seats - seats.seat) // seats.seats as reporting_minor
    from dealt
    inner join seats using (campaign_id)
),

own as (
    select
        cost_id,
        campaign_id,
        influencer_id,
        category,
        day,
        reporting_minor
    from costs
    where influencer_id is not null
),

nobodys as (
    select
        dealt.cost_id,
        dealt.campaign_id,
        dealt.influencer_id,
        dealt.category,
        dealt.day,
        dealt.reporting_minor
    from dealt
    anti join seats using (campaign_id)
),

together as (
    select * from own
    union all
    select * from shared
    union all
    select * from nobodys
),

final as (
    select
        cost_id,
        campaign_id,
        influencer_id,
        category,
        day,
        cast(reporting_minor as bigint) as reporting_minor
    from together
)

select * from final
