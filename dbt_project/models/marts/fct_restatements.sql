with steps as (select * from {{ ref('int_revision_steps') }}),

versions as (select * from {{ ref('int_published_versions') }}),

published as (
    select
        place,
        min(version) as first_version,
        min(published_at) as first_published_at,
        max(version) as last_version,
        max(published_at) as last_published_at
    from versions
    group by place
),

periods as (
    select
        order_id,
        place,
        max(revision_key) as revision_key,
        list_sort(list_distinct(flatten(list(causes)))) as causes
    from steps
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
    inner join steps using (order_id, revision_key)
    window orders_states as (partition by periods.order_id order by periods.place)
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
        moved.order_id,
        former.last_version as version_from,
        later.first_version as version_to,
        former.last_published_at as published_from_at,
        later.first_published_at as published_to_at,
        moved.computed_at,
        case
            when not moved.was_order and list_contains(moved.causes, 'replay') then 'replay'
            when not moved.was_order then 'new order'
            when not moved.is_order then 'no order any more'
            when list_contains(moved.causes, 'cancellation') then 'cancellation'
            when list_contains(moved.causes, 'refund') then 'refund'
            when list_contains(moved.causes, 'amendment') then 'amendment'
            when list_contains(moved.causes, 'late click or code') then 'late click or code'
            when list_contains(moved.causes, 'reference data changed') then 'reference data changed'
            else 'replay'
        end as cause,
        moved.causes,
        moved.from_influencer_id,
        moved.influencer_id as to_influencer_id,
        moved.from_campaign_id,
        moved.campaign_id as to_campaign_id,
        {{ minor_to_decimal('moved.from_net_minor') }} as from_net,
        {{ minor_to_decimal('moved.net_reporting_minor') }} as to_net,
        {{ minor_to_decimal('moved.net_reporting_minor - moved.from_net_minor') }} as delta
    from moved
    left join published as former on moved.place = former.place + 1
    left join published as later on moved.place = later.place
)

select * from final
