with days as (select * from {{ ref('int_code_use_days') }}),

ratios as (select * from {{ ref('int_code_use_ratios') }}),

roi as (select * from {{ ref('fct_influencer_roi') }}),

codes as (select * from {{ ref('stg_codes') }}),

announced as (
    select
        normalised_code as code,
        min(code) as announced_code
    from codes
    group by normalised_code
),

expected as (
    select
        days.*,
        ratios.usual_uses_per_click,
        greatest(
            coalesce(ratios.usual_uses_per_click, 0) * days.week_clicks, days.own_usual_uses
        ) as week_uses_expected
    from days
    left join ratios using (influencer_id, campaign_id)
),

judged as (  -- three uses more than there were: a handful alone is no leak
    select
        *,
        greatest(week_uses - week_uses_expected, 0) / (week_uses + 3) as excess,
        coalesce({{ ratio('week_uses_without_click', 'week_uses_with_visitor') }}, 1) as share_without_click,
        week_uses_from_coupon_sites / cast(week_uses + 1 as double) as share_from_coupon_sites
    from expected
),

scored as (
    select
        *,
        1 - (1 - excess * share_without_click) * (1 - share_from_coupon_sites) as score
    from judged
),

suspected as (
    select
        *,
        score >= 0.5 and week_uses >= 3 as is_suspect
    from scored
),

doubted as (
    select
        influencer_id,
        campaign_id,
        {{ minor_to_decimal('sum(won_minor) filter (where is_suspect)') }} as revenue_doubted
    from suspected
    group by influencer_id, campaign_id
),

final as (
    select
        suspected.code,
        announced.announced_code,
        suspected.influencer_id,
        suspected.campaign_id,
        suspected.day,
        suspected.uses,
        suspected.customers,
        {{ ratio('suspected.uses_of_new_customers', 'suspected.uses_of_told_customers') }} as new_customer_share,
        suspected.week_uses,
        suspected.week_clicks,
        {{ ratio('suspected.week_uses', 'suspected.week_clicks') }} as uses_per_click,
        suspected.usual_uses_per_click,
        suspected.own_usual_uses,
        suspected.week_uses_expected,
        suspected.week_uses_without_click,
        suspected.week_uses_from_coupon_sites,
        suspected.excess,
        suspected.share_without_click,
        suspected.share_from_coupon_sites,
        suspected.score,
        suspected.is_suspect,
        format(
            '{} uses in seven days where {:.1f} were to be expected ({} clicks of its holders, {:.1f} uses a week '
            || 'before); {} of {} came without such a click, {} from coupon sites',
            suspected.week_uses,
            suspected.week_uses_expected,
            suspected.week_clicks,
            suspected.own_usual_uses,
            suspected.week_uses_without_click,
            suspected.week_uses_with_visitor,
            suspected.week_uses_from_coupon_sites
        ) as evidence,
        suspected.orders_won,
        {{ minor_to_decimal('suspected.net_minor') }} as revenue,
        {{ minor_to_decimal('suspected.won_minor') }} as revenue_won,
        roi.roi_pct,
        100 * {{ ratio(
            'roi.net_revenue - coalesce(doubted.revenue_doubted, 0) - roi.cost_total', 'roi.cost_total'
        ) }} as roi_pct_without
    from suspected
    left join announced using (code)
    left join doubted using (influencer_id, campaign_id)
    left join roi
        on
            suspected.influencer_id = roi.influencer_id
            and suspected.campaign_id = roi.campaign_id
            and roi.model = 'policy'
)

select * from final
