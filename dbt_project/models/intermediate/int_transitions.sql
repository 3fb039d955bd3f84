with paths as (select * from {{ ref('int_paths') }}),

steps as (
    select
        *,
        unnest(range(len(influencers) + 1)) as step
    from paths
),

outcomes as (select unnest(['step', 'conversion', 'null']) as outcome),

moves as (  -- each path starts and ends once; between, it goes from touch to touch
    select
        steps.campaign_id,
        steps.month,
        steps.influencers[steps.step] as from_influencer_id,
        steps.influencers[steps.step + 1] as to_influencer_id,
        nullif(outcomes.outcome, 'step') as outcome,
        case outcomes.outcome
            when 'step' then steps.conversions + steps.null_paths
            when 'conversion' then steps.conversions
            else steps.null_paths
        end as transitions
    from steps
    cross join outcomes
    where (outcomes.outcome = 'step') = (steps.step < len(steps.influencers))
),

final as (
    select
        campaign_id,
        month,
        from_influencer_id,
        to_influencer_id,
        outcome,
        cast(sum(transitions) as bigint) as transitions
    from moves
    where transitions > 0
    group by campaign_id, month, from_influencer_id, to_influencer_id, outcome
)

select * from final
