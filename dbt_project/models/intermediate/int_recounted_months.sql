with changed as (select * from {{ source('lake', 'changed_orders') }}),

former as (select * from {{ source('lake', 'former_months') }}),

lines as (select * from {{ ref('int_commission_orders') }}),

final as (
    select
        influencer_id,
        campaign_id,
        month
    from former
    union distinct
    select
        lines.influencer_id,
        lines.campaign_id,
        lines.order_month as month
    from lines
    semi join changed on lines.order_id = changed.order_id
)

select * from final
