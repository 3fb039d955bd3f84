{{ config(materialized='incremental', incremental_strategy='changed_uses') }}

with claims as (
    select * from {{ ref('fct_claims') }}
    {{ where_moved('changed_uses') }}
),

orders as (
    select * from {{ ref('int_orders') }}
    {{ where_moved('changed_uses') }}
),

campaigns as (select * from {{ ref('stg_campaigns') }}),

codes as (select * from {{ ref('stg_codes') }}),

referrals as (select * from {{ ref('int_code_use_referrals') }}),

used as (
    select
        order_id,
        code,
        influencer_id,
        campaign_id,
        bool_or(is_winner) as is_won
    from claims
    where kind = 'code' and influencer_id is not null
    group by order_id, code, influencer_id, campaign_id
),

holders as (
    select distinct
        normalised_code as code,
        influencer_id
    from codes
),

clicked as (  -- who came by a former holder of the code is no stranger
    select distinct
        claims.order_id,
        holders.code
    from claims
    inner join holders using (influencer_id)
    where claims.kind = 'link'
),

referred as (  -- a month is as long as a click may count
    select
        orders.order_id,
        max(referrals.site) as coupon_site
    from orders
    inner join referrals using (visitor_id)
    where
        referrals.occurred_at <= orders.ordered_at
        and referrals.occurred_at >= orders.ordered_at - to_days(30)
    group by orders.order_id
),

final as (
    select
        used.order_id,
        used.code,
        used.influencer_id,
        used.campaign_id,
        cast(timezone(campaigns.timezone, orders.ordered_at) as date) as day,
        orders.customer_id,
        orders.is_new_customer,
        orders.net_reporting_minor,
        used.is_won,
        orders.visitor_id is not null as has_visitor,
        orders.visitor_id is not null and clicked.order_id is null as is_without_click,
        referred.order_id is not null as is_from_coupon_site
    from used
    inner join orders using (order_id)
    inner join campaigns using (campaign_id)
    left join clicked on used.order_id = clicked.order_id and used.code = clicked.code
    left join referred on used.order_id = referred.order_id
)

select * from final
