with changed as (select * from {{ source('lake', 'changed_orders') }}),

former as (select * from {{ source('lake', 'former_model_shares') }}),

shares as (select * from {{ ref('int_model_shares') }}),

journeys as (select * from {{ ref('int_journeys') }}),

differing as (
    (
        select * from former
        except all
        select * from shares
    )
    union all
    (
        select * from shares
        except all
        select * from former
    )
),

periods as (  -- of a month that is new all orders are
    select distinct
        differing.campaign_id,
        differing.month
    from differing
    semi join former using (campaign_id, month)
),

final as (  -- an order of one influencer is that influencer's whatever the shares are
    select journeys.order_id
    from journeys
    inner join periods using (campaign_id, month)
    where list_unique(journeys.influencers) > 1
    union distinct
    select order_id
    from changed
)

select * from final
