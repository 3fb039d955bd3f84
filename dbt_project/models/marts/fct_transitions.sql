with transitions as (select * from {{ ref('int_transitions') }}),

final as (
    select
        campaign_id,
        month,
        coalesce(from_influencer_id, '(start)') as from_state,
        coalesce(to_influencer_id, '(' || outcome || ')') as to_state,
        from_influencer_id,
        to_influencer_id,
        transitions,
        {{ ratio('transitions', 'sum(transitions) over (partition by campaign_id, month, from_influencer_id)') }}
            as probability
    from transitions
)

select * from final
