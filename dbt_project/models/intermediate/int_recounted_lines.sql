with changed as (select * from {{ source('lake', 'changed_orders') }}),

former as (select * from {{ source('lake', 'former_lines') }}),

lines as (
    select
        order_id,
        influencer_id,
        campaign_id,
        order_month as month,
        kind
    from {{ ref('int_commission_orders') }}
),

moved as (
    select * from former
    union distinct
    select lines.*
    from lines
    semi join changed on lines.order_id = changed.order_id
),

months as (
    select distinct
        influencer_id,
        campaign_id,
        month
    from moved
    where kind = 'tiered'
),

final as (
    select
        order_id,
        influencer_id,
        campaign_id
    from moved
    union distinct
    select
        lines.order_id,
        lines.influencer_id,
        lines.campaign_id
    from lines
    inner join months using (influencer_id, campaign_id, month)
    where lines.kind = 'tiered'
)

select * from final
