with orders as (select * from {{ ref('int_orders') }}),

attributions as (select * from {{ ref('int_current_attributions') }}),

data_driven as (select * from {{ ref('int_data_driven_credits') }}),

models as (select * from {{ ref('int_models') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

touched as (
    select
        order_id,
        unnest(credits) as credit
    from attributions
),

credited as (
    select
        order_id,
        credit.model,
        credit.kind,
        credit.claim_id,
        credit.influencer_id,
        credit.campaign_id,
        credit.weight,
        credit.gross_minor,
        credit.amount_minor,
        credit.gross_reporting_minor,
        credit.amount_reporting_minor
    from touched
    union all by name
    select * from data_driven
),

uncredited as (
    select
        orders.order_id,
        models.model,
        orders.subtotal_minor as gross_minor,
        orders.net_minor as amount_minor,
        orders.subtotal_reporting_minor as gross_reporting_minor,
        orders.net_reporting_minor as amount_reporting_minor,
        1.0 as weight
    from orders
    cross join models
    anti join credited on orders.order_id = credited.order_id and models.model = credited.model
),

shares as (
    select * from credited
    union all by name
    select * from uncredited
),

final as (
    select
        shares.order_id,
        shares.model,
        shares.kind,
        shares.claim_id,
        shares.influencer_id,
        shares.campaign_id,
        shares.gross_minor,
        shares.amount_minor,
        shares.gross_reporting_minor,
        shares.amount_reporting_minor,
        orders.ordered_at,
        orders.currency,
        orders.is_new_customer,
        orders.winner_influencer_id,
        orders.winner_campaign_id,
        orders.status,
        cast(shares.weight as double) as weight,
        cast(timezone(coalesce(campaigns.timezone, 'UTC'), orders.ordered_at) as date) as day
    from shares
    inner join orders using (order_id)
    left join campaigns using (campaign_id)
)

select * from final
