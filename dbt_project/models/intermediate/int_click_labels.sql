{{ config(materialized='incremental', incremental_strategy='changed_visitors') }}

{% set kept = '' if goes_on() else 'not materialized' -%}
with clicks as {{ kept }} (select * from {{ clicks_of_changed_visitors() }}),

attributions as (
    select * from {{ ref('int_current_attributions') }}
    {{ where_moved('changed_visitors') }}
),

placed as {{ kept }} (
    select
        *,
        reason is null and not is_bot as holds
    from clicks
    where influencer_id is not null  -- where no single row holds, a click is nobody's
),

valid as {{ kept }} (
    select * from placed
    where holds
),

repeated as (  -- most visitors click once or twice: only the others' clicks need an order
    select hash(visitor_id, link_id) as pair  -- counted sooner than the texts; a collision looks at more
    from valid
    group by pair
    having count(*) >= 5
),

begun as (
    select
        valid.event_id,
        valid.visitor_id,
        valid.link_id,
        valid.occurred_at,
        coalesce(
            lead(valid.occurred_at, 4) over (
                partition by valid.visitor_id, valid.link_id order by valid.occurred_at, valid.event_id
            ) - valid.occurred_at <= interval 10 seconds,
            false
        ) as begins_burst
    from valid
    semi join repeated on hash(valid.visitor_id, valid.link_id) = repeated.pair
),

followed as (
    select
        event_id,
        visitor_id,
        bool_or(begins_burst) over (
            partition by visitor_id, link_id order by occurred_at, event_id rows between 4 preceding and 1 preceding
        ) as is_in_burst
    from begun
),

stood as (  -- claims that were valid but for their suspicion
    select
        visitor_id,
        ordered_at,
        [c for c in claims if {{ stands_unless_suspected('c') }}] as claims
    from attributions
    where visitor_id is not null
),

claimed as (
    select
        visitor_id,
        ordered_at,
        claims,
        unnest([c for c in claims if c.kind = 'link']) as claim
    from stood
),

injected as (
    select distinct
        claim.claim_id as event_id,
        visitor_id
    from claimed
    where
        ordered_at - claim.occurred_at <= interval 10 seconds
        and len([
            c for c in claims
            if c.influencer_id != claim.influencer_id
            and (c.kind = 'code' or (c.occurred_at, c.claim_id) < (claim.occurred_at, claim.claim_id))
        ]) > 0
),

labelled as (
    select
        event_id,
        visitor_id,
        'bot' as suspicion
    from placed
    where is_bot
    union all
    select
        event_id,
        visitor_id,
        'burst' as suspicion
    from followed
    where is_in_burst
    union all
    select
        event_id,
        visitor_id,
        'injected' as suspicion
    from injected
),

final as (
    select
        placed.event_id,
        placed.visitor_id,
        placed.influencer_id,
        placed.campaign_id,
        placed.link_id,
        labelled.suspicion,
        placed.occurred_at,
        placed.holds,
        placed.day
    from labelled
    inner join placed using (event_id, visitor_id)
)

select * from final
