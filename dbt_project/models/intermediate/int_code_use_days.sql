with uses as (select * from {{ ref('int_code_uses') }}),

clicks as (select * from {{ ref('int_clicks_by_day') }}),

codes as (select * from {{ ref('stg_codes') }}),

holders as (
    select distinct
        normalised_code as code,
        influencer_id
    from codes
),

clicked as (
    select
        holders.code,
        clicks.campaign_id,
        clicks.day,
        sum(clicks.valid_clicks) as valid_clicks
    from clicks
    inner join holders using (influencer_id)
    group by holders.code, clicks.campaign_id, clicks.day
),

lives as (
    select
        code,
        influencer_id,
        campaign_id,
        cast(unnest(generate_series(min(day) - 6, max(day), interval 1 day)) as date) as day
    from uses
    group by code, influencer_id, campaign_id
),

by_day as (
    select
        code,
        influencer_id,
        campaign_id,
        day,
        count(*) as uses,
        count(*) filter (where has_visitor) as uses_with_visitor,
        count(*) filter (where is_without_click) as uses_without_click,
        count(*) filter (where is_from_coupon_site) as uses_from_coupon_sites,
        count(distinct customer_id) as customers,
        count(*) filter (where is_new_customer) as uses_of_new_customers,
        count(is_new_customer) as uses_of_told_customers,
        count(*) filter (where is_won) as orders_won,
        sum(net_reporting_minor) as net_minor,
        sum(net_reporting_minor) filter (where is_won) as won_minor
    from uses
    group by code, influencer_id, campaign_id, day
),

spread as (
    select
        lives.*,
        coalesce(by_day.uses, 0) as uses,
        coalesce(by_day.uses_with_visitor, 0) as uses_with_visitor,
        coalesce(by_day.uses_without_click, 0) as uses_without_click,
        coalesce(by_day.uses_from_coupon_sites, 0) as uses_from_coupon_sites,
        coalesce(clicked.valid_clicks, 0) as clicks,
        coalesce(by_day.customers, 0) as customers,
        coalesce(by_day.uses_of_new_customers, 0) as uses_of_new_customers,
        coalesce(by_day.uses_of_told_customers, 0) as uses_of_told_customers,
        coalesce(by_day.orders_won, 0) as orders_won,
        coalesce(by_day.net_minor, 0) as net_minor,
        coalesce(by_day.won_minor, 0) as won_minor
    from lives
    left join by_day using (code, influencer_id, campaign_id, day)
    left join clicked using (code, campaign_id, day)
),

weekly as (
    select
        *,
        sum(uses) over week_of as week_uses,
        sum(uses_with_visitor) over week_of as week_uses_with_visitor,
        sum(uses_without_click) over week_of as week_uses_without_click,
        sum(uses_from_coupon_sites) over week_of as week_uses_from_coupon_sites,
        sum(clicks) over week_of as week_clicks
    from spread
    window
        week_of as (
            partition by code, influencer_id, campaign_id order by day rows between 6 preceding and current row
        )
),

usual as (  -- of the weeks that were over before this one began
    select
        *,
        median(week_uses) over (
            partition by code, influencer_id, campaign_id
            order by day rows between unbounded preceding and 7 preceding
        ) as own_usual_uses
    from weekly
),

final as (
    select
        code,
        influencer_id,
        campaign_id,
        day,
        uses,
        customers,
        uses_of_new_customers,
        uses_of_told_customers,
        orders_won,
        net_minor,
        won_minor,
        cast(week_uses as bigint) as week_uses,
        cast(week_uses_with_visitor as bigint) as week_uses_with_visitor,
        cast(week_uses_without_click as bigint) as week_uses_without_click,
        cast(week_uses_from_coupon_sites as bigint) as week_uses_from_coupon_sites,
        cast(week_clicks as bigint) as week_clicks,
        coalesce(cast(own_usual_uses as double), 0) as own_usual_uses
    from usual
    where uses > 0
)

select * from final
