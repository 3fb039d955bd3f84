{{ config(materialized='incremental', incremental_strategy='arrived_orders') }}

with steps as (
    select * from {{ ref('int_revision_steps') }}
    {{ where_moved('arrived_orders') }}
),

revised as (  -- few orders are: only their steps need to be put together
    select order_id from steps
    group by order_id
    having count(*) > 1
),

once as (
    select steps.*
    from steps
    anti join revised using (order_id)
),

often as (
    select steps.*
    from steps
    semi join revised using (order_id)
),

periods as (
    select
        order_id,
        place,
        max(revision_key) as revision_key,
        list_sort(list_distinct(flatten(list(causes)))) as causes
    from often
    group by order_id, place
),

states as (  -- what each published state said of an order that moved for it, beside what was said before
    select
        periods.order_id,
        periods.place,
        periods.causes,
        steps.computed_at,
        steps.is_order,
        steps.influencer_id,
        steps.campaign_id,
        steps.net_reporting_minor,
        coalesce(lag(steps.is_order) over orders_states, false) as was_order,
        lag(steps.influencer_id) over orders_states as from_influencer_id,
        lag(steps.campaign_id) over orders_states as from_campaign_id,
        lag(steps.net_reporting_minor, 1, 0) over orders_states as from_net_minor
    from periods
    inner join often as steps using (order_id, revision_key)
    window orders_states as (partition by periods.order_id order by periods.place)
    union all by name
    select
        order_id,
        place,
        list_sort(causes) as causes,
        computed_at,
        is_order,
        influencer_id,
        campaign_id,
        net_reporting_minor,
        false as was_order,
        0 as from_net_minor
    from once
),

moved as (
    select * from states
    where
        is_order is distinct from was_order
        or influencer_id is distinct from from_influencer_id
        or campaign_id is distinct from from_campaign_id
        or net_reporting_minor is distinct from from_net_minor
),

final as (
    select
        order_id,
        place,
        computed_at,
        case
            when not was_order and list_contains(causes, 'replay') then 'replay'
            when not was_order then 'new order'
            when not is_order then 'no order any more'
            when list_contains(causes, 'cancellation') then 'cancellation'
            when list_contains(causes, 'refund') then 'refund'
            when list_contains(causes, 'amendment') then 'amendment'
            when list_contains(causes, 'late click or code') then 'late click or code'
            when list_contains(causes, 'reference data changed') then 'reference data changed'
            else 'replay'
        end as cause,
        causes,
        from_influencer_id,
        influencer_id as to_influencer_id,
        from_campaign_id,
        campaign_id as to_campaign_id,
        from_net_minor,
        net_reporting_minor as to_net_minor
    from moved
)

select * from final
