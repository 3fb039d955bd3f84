with costs as (select * from {{ ref('int_costs_by_day') }}),

shares as (select * from {{ ref('int_cost_shares') }}),

dealt as (
    select
        *,
        cast(sum(reporting_minor) over (partition by cost_id) as hugeint) as total_minor
    from costs
    where influencer_id is null
),

wholes as (
    select distinct
        cost_id,
        campaign_id,
        total_minor
    from dealt
),

floored as (
    select
        wholes.cost_id,
        wholes.total_minor,
        shares.influencer_id,
        wholes.total_minor * shares.weight // shares.total_weight as floored_minor,
        wholes.total_minor * shares.weight % shares.total_weight as left_over
    from wholes
    inner join shares using (campaign_id)
),

parts as (  -- what flooring left goes to the largest remainders, so that the parts are the whole
    select
        cost_id,
        influencer_id,
        floored_minor + case
            when
                row_number() over (partition by cost_id order by left_over desc, influencer_id asc)
                <= total_minor - sum(floored_minor) over (partition by cost_id)
                then 1
            else 0
        end as part
    from floored
),

floored_days as (
    select
        dealt.cost_id,
        dealt.campaign_id,
        parts.influencer_id,
        dealt.category,
        dealt.day,
        parts.part,
        case when dealt.total_minor = 0 then 0 else parts.part * dealt.reporting_minor // dealt.total_minor end
            as floored_minor,
        case when dealt.total_minor = 0 then 0 else parts.part * dealt.reporting_minor % dealt.total_minor end
            as left_over
    from dealt
    inner join parts using (cost_id)
),

shared as (  -- each part over the days as the cost itself: by the largest remainders, of equal ones the earlier day
    select
        cost_id,
        campaign_id,
        influencer_id,
        category,
        day,
        floored_minor + case
            when
                row_number() over (partition by cost_id, influencer_id order by left_over desc nulls last, day asc)
                <= part - sum(floored_minor) over (partition by cost_id, influencer_id)
                then 1
            else 0
        end as reporting_minor
    from floored_days
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
    anti join shares using (campaign_id)
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
