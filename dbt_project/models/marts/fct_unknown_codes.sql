with typed as (select * from {{ ref('int_unknown_codes') }}),

spellings as (select * from {{ ref('int_code_spellings') }}),

orders as (select * from {{ ref('fct_orders') }}),

codes as (select * from {{ ref('stg_codes') }}),

unknown as (
    select
        typed.code,
        sum(typed.uses) as uses,
        count(*) as orders,
        count(*) filter (where not orders.is_attributed) as unattributed_orders,
        coalesce(sum(orders.net_revenue), 0) as net_revenue,
        coalesce(sum(orders.net_revenue) filter (where not orders.is_attributed), 0) as unattributed_net_revenue,
        min(typed.first_seen_at) as first_seen_at,
        max(typed.last_seen_at) as last_seen_at
    from typed
    inner join orders using (order_id)
    group by typed.code
),

known as (  -- a code that changed hands belongs to nobody in particular
    select
        normalised_code,
        min(code) as code,
        case when count(distinct influencer_id) = 1 then min(influencer_id) end as influencer_id,
        case when count(distinct campaign_id) = 1 then min(campaign_id) end as campaign_id
    from codes
    group by normalised_code
),

near as (
    select
        spellings.code,
        known.code as nearest_code,
        known.influencer_id as nearest_influencer_id,
        known.campaign_id as nearest_campaign_id,
        spellings.edit_distance
    from spellings
    inner join known on spellings.nearest_normalised_code = known.normalised_code
),

final as (
    select
        unknown.code,
        cast(unknown.uses as bigint) as uses,
        unknown.orders,
        unknown.unattributed_orders,
        cast(unknown.net_revenue as decimal(38, 4)) as net_revenue,
        cast(unknown.unattributed_net_revenue as decimal(38, 4)) as unattributed_net_revenue,
        unknown.first_seen_at,
        unknown.last_seen_at,
        near.nearest_code,
        near.edit_distance,
        near.nearest_influencer_id,
        near.nearest_campaign_id,
        'did you mean ' || near.nearest_code || '?' as suggestion
    from unknown
    left join near using (code)
)

select * from final
