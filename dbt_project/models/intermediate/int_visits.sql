{{ config(materialized='incremental', incremental_strategy='changed_visitors') }}

with attributions as (
    select * from {{ ref('int_current_attributions') }}
    {{ where_moved('changed_visitors') }}
),

clicks as (select * from {{ clicks_of_changed_visitors() }}),

voided as (select * from {{ ref('int_voided_clicks') }}),

versions as (select * from {{ ref('stg_reference_versions') }}),

transforms as (
    select {{ newest_setting('path_transform', 'none') }} as path_transform
    from versions
),

gone as (
    select
        visitor_id,
        unnest([c.claim_id for c in claims if c.valid and c.kind = 'link']) as event_id
    from attributions
    union all
    select
        visitor_id,
        event_id
    from voided
),

unclaimed as (
    select
        clicks.visitor_id,
        clicks.event_id,
        clicks.occurred_at,
        clicks.influencer_id,
        clicks.campaign_id,
        cast(date_trunc('month', clicks.day) as date) as month
    from clicks
    anti join gone on clicks.visitor_id = gone.visitor_id and clicks.event_id = gone.event_id
    where clicks.reason is null and not clicks.is_bot
),

repeated as (  -- many visitors click once in a month: only the others' clicks need an order
    select hash(visitor_id, month) as visit  -- counted sooner than the texts; a collision looks at more
    from unclaimed
    group by visit
    having count(*) > 1
),

single as (
    select unclaimed.*
    from unclaimed
    anti join repeated on hash(unclaimed.visitor_id, unclaimed.month) = repeated.visit
),

gathered as (
    select
        unclaimed.visitor_id,
        unclaimed.month,
        list_sort(list(struct_pack(
            occurred_at := unclaimed.occurred_at,
            event_id := unclaimed.event_id,
            influencer_id := unclaimed.influencer_id,
            campaign_id := unclaimed.campaign_id
        ))) as touches
    from unclaimed
    semi join repeated on hash(unclaimed.visitor_id, unclaimed.month) = repeated.visit
    group by unclaimed.visitor_id, unclaimed.month
),

ordered as (
    select
        visitor_id,
        month,
        touches,
        [t.influencer_id for t in touches] as influencers,
        (select transforms.path_transform from transforms) as path_transform
    from gathered
),

transformed as (  -- as the lake's journeys are
    select
        visitor_id,
        month,
        case path_transform
            when 'unique' then [t for t, n in touches if list_position(influencers, t.influencer_id) = n]
            when 'collapse_repeats' then [t for t, n in touches if n = 1 or t.influencer_id != influencers[n - 1]]
            else touches
        end as touches
    from ordered
),

final as (
    select
        visitor_id,
        month,
        campaign_id,
        [influencer_id] as influencers
    from single
    union all
    select
        visitor_id,
        month,
        touches[-1].campaign_id as campaign_id,
        [t.influencer_id for t in touches] as influencers
    from transformed
)

select * from final
