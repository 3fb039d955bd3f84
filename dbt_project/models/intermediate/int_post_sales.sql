with clicks as (select * from {{ ref('int_post_clicks') }}),

lent as (select * from {{ ref('int_post_links') }}),

voided as (select * from {{ ref('int_voided_clicks') }}),

attributions as (select * from {{ ref('int_current_attributions') }}),

orders as (select * from {{ ref('int_orders') }}),

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
        post_id,
        clicks,
        holding_clicks as valid_clicks
    from clicks
    union all by name
    select
        lent.post_id,
        -1 as valid_clicks
    from voided
    inner join lent
        on
            voided.link_id = lent.link_id
            and voided.occurred_at >= lent.holds_from
            and voided.occurred_at < lent.holds_to
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
            and won.occurred_at >= lent.holds_from
            and won.occurred_at < lent.holds_to
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
