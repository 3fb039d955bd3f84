{{ config(materialized='incremental', incremental_strategy='arrived_orders') }}

with revisions as (
    select * from {{ ref('stg_order_attributions') }}
    {{ where_moved('arrived_orders') }}
),

versions as (select * from {{ ref('int_published_versions') }}),

reference_versions as (select * from {{ ref('stg_reference_versions') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

states as (
    select distinct
        place,
        attributed_until
    from versions
),

newest as (select count(*) + 1 as place from states),

worth as (  -- an amount in a former reporting currency is unknown in this one
    select
        revisions.order_id,
        revisions.revision_key,
        revisions.computed_at,
        revisions.cause,
        revisions.currency,
        revisions.subtotal_minor,
        revisions.refunded_minor,
        revisions.net_minor,
        revisions.ordered_at is not null as is_order,
        coalesce(revisions.is_cancelled, false) as is_cancelled,
        case when revisions.ordered_at is not null then revisions.winner_influencer_id end as influencer_id,
        case when revisions.ordered_at is not null then revisions.winner_campaign_id end as campaign_id,
        case
            when revisions.ordered_at is null then 0
            when
                coalesce(
                    json_extract_string(reference_versions.settings, '$.reporting_currency'),
                    settings.reporting_currency
                ) = settings.reporting_currency
                then revisions.net_reporting_minor
        end as net_reporting_minor
    from revisions
    cross join settings
    left join reference_versions using (reference_version)
),

steps as (
    select
        worth.*,
        former.order_id is not null as has_former,
        coalesce(former.is_order, false) as was_order,
        (former.is_cancelled is distinct from worth.is_cancelled) as moves_cancelled,
        (former.refunded_minor is distinct from worth.refunded_minor) as moves_refunds,
        (
            former.currency is distinct from worth.currency
            or former.subtotal_minor is distinct from worth.subtotal_minor
        ) as moves_amounts,
        (former.net_minor is distinct from worth.net_minor) as moves_net,
        (former.net_reporting_minor is distinct from worth.net_reporting_minor) as moves_worth,
        (
            former.influencer_id is distinct from worth.influencer_id
            or former.campaign_id is distinct from worth.campaign_id
        ) as moves_winner
    from worth
    left join worth as former
        on worth.order_id = former.order_id and worth.revision_key = former.revision_key + 1
),

named as (  -- list_distinct leaves out the nulls
    select
        *,
        case
            when not was_order and not is_order then []
            when not was_order and not has_former and cause = 'replay' then ['replay']
            when not was_order then ['new order']
            when not is_order then ['no order any more']
            when not moves_worth and not moves_winner then []
            when cause = 'reference' then ['reference data changed']
            when cause = 'replay' then ['replay']
            else list_distinct([
                case when moves_cancelled then 'cancellation' end,
                case when moves_refunds then 'refund' end,
                case
                    when moves_amounts or (moves_net and not moves_cancelled and not moves_refunds) then 'amendment'
                end,
                case when moves_winner then 'late click or code' end,
                case when moves_worth and not moves_net then 'reference data changed' end
            ])
        end as causes
    from steps
),

final as (
    select
        named.order_id,
        named.revision_key,
        named.computed_at,
        named.is_order,
        named.influencer_id,
        named.campaign_id,
        named.net_reporting_minor,
        named.causes,
        coalesce(states.place, newest.place) as place
    from named
    cross join newest
    asof left join states on named.computed_at <= states.attributed_until
)

select * from final
