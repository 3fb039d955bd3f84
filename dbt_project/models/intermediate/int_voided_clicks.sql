with labels as (select * from {{ ref('int_click_labels') }}),

attributions as (select * from {{ ref('int_current_attributions') }}),

versions as (select * from {{ ref('stg_reference_versions') }}),

policies as (
    select {{ newest_setting('suspicious_clicks', 'count') }} as suspicious_clicks
    from versions
),

suspected as (
    select distinct
        labels.event_id,
        labels.visitor_id,
        labels.influencer_id,
        labels.campaign_id,
        labels.link_id,
        labels.occurred_at,
        labels.day
    from labels
    cross join policies
    where policies.suspicious_clicks = 'exclude' and labels.suspicion in ('burst', 'injected') and labels.holds
),

standing as (  -- as an order's rules see its own clicks alone, they may let stand what all clicks speak against
    select
        visitor_id,
        unnest([c.claim_id for c in claims if c.valid and c.kind = 'link']) as event_id
    from attributions
    where visitor_id in (select suspected.visitor_id from suspected)
),

final as (
    select suspected.*
    from suspected
    anti join standing using (event_id, visitor_id)
)

select * from final
