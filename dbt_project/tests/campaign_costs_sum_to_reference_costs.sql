-- Every cost of the reference data is in its campaign, once in each model; converted here anew, from its own amounts.
with costs as (select * from {{ ref('stg_costs') }}),

by_day as (select * from {{ ref('int_costs_by_day') }}),

campaigns as (select * from {{ ref('fct_campaign_roi') }}),

currencies as (select * from {{ ref('stg_currencies') }}),

converted as (
    select
        campaign_id,
        sum({{ minor_to_decimal('reporting_minor') }}) as cost_total,
        count(*) filter (where reporting_minor is null) as unpriced_days
    from by_day
    group by campaign_id
),

lost as (  -- the days of a cost are its amount, in its own currency
    select
        costs.campaign_id,
        costs.cost_id
    from costs
    left join currencies using (currency)
    left join by_day on costs.cost_id = by_day.cost_id
    group by costs.campaign_id, costs.cost_id, costs.amount, currencies.units
    having coalesce(sum(by_day.minor), -1) != costs.amount * currencies.units
),

final as (
    select
        campaigns.campaign_id,
        campaigns.model,
        campaigns.cost_total - campaigns.commission as cost_in_mart,
        converted.cost_total as cost_in_reference,
        lost.cost_id as lost_cost_id
    from campaigns
    left join converted using (campaign_id)
    left join lost using (campaign_id)
    where
        lost.cost_id is not null
        or (
            coalesce(converted.unpriced_days, 0) = 0
            and campaigns.cost_total - campaigns.commission is distinct from coalesce(converted.cost_total, 0)
        )
)

select * from final
