with clicks as (select * from {{ ref('stg_resolved_clicks') }}),

links as (select * from {{ ref('stg_links') }}),

voided as (select * from {{ ref('int_voided_clicks') }}),

attributions as (select * from {{ ref('int_current_attributions') }}),

orders as (select * from {{ ref('int_orders') }}),

lent as (  -- a link may carry another post from a moment on
    select
        link_id,
        post_id,
        coalesce(valid_from, cast('-infinity' as timestamptz)) as valid_from,
        coalesce(valid_to, cast('infinity' as timestamptz)) as valid_to
    from links
    where post_id is not null
),

claims as (
    select
        order_id,
        unnest(claims) as claim
    from attributions
    where winner_kind = 'link'
),

won as (
    select
        order_id,
        claim.link_id,
        claim.occurred_at
    from claims
    where claim.reason = 'won'
),

facts as (
    select
        lent.post_id,
        1 as clicks,
        cast(clicks.reason is null and not clicks.is_bot and voided.event_id is null as int) as valid_clicks
    from clicks
    inner join lent
        on
            clicks.link_id = lent.link_id
            and clicks.occurred_at >= lent.valid_from
            and clicks.occurred_at < lent.valid_to
    left join voided on clicks.event_id = voided.event_id and clicks.visitor_id = voided.visitor_id
    where clicks.influencer_id is not null
    union all by name
    select
        lent.post_id,
        1 as orders,
        orders.net_reporting_minor as net_minor,
        orders.net_reporting_minor is null as is_unpriced,
        orders.status = 'provisional' as is_provisional
    from won
    inner join orders using (order_id)
    inner join lent
        on
            won.link_id = lent.link_id
            and won.occurred_at >= lent.valid_from
            and won.occurred_at < lent.valid_to
),

final as (
    select
        post_id,
        cast(coalesce(sum(clicks), 0) as bigint) as clicks,
        cast(coalesce(sum(valid_clicks), 0) as bigint) as valid_clicks,
        cast(coalesce(sum(orders), 0) as bigint) as orders,
        case
            when not coalesce(bool_or(is_unpriced), false) then cast(coalesce(sum(net_minor), 0) as bigint)
        end as net_minor,
        coalesce(bool_or(is_provisional), false) as is_provisional
    from facts
    group by post_id
)

select * from final
