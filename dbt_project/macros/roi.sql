{# The ROI marts' columns, defined once for every grain. #}

{# Sums over rows of int_influencer_day. #}
{% macro roi_sums() -%}
    round(fsum(orders), 9) as orders,
    round(fsum(new_customer_orders), 9) as new_customer_orders,
    round(fsum(returning_customer_orders), 9) as returning_customer_orders,
    round(fsum(provisional_orders), 9) as provisional_orders,
    case when not bool_or(has_unpriced_order) then {{ minor_to_decimal('sum(gross_minor)') }} end as gross_revenue,
    case when not bool_or(has_unpriced_order) then {{ minor_to_decimal('sum(net_minor)') }} end as net_revenue,
    case
        when not bool_or(has_unpriced_order) then {{ minor_to_decimal('sum(provisional_net_minor)') }}
    end as provisional_net_revenue,
    {{ minor_to_decimal('sum(cost_fee_minor)') }} as cost_fee,
    {{ minor_to_decimal('sum(cost_product_minor)') }} as cost_product,
    {{ minor_to_decimal('sum(cost_shipping_minor)') }} as cost_shipping,
    {{ minor_to_decimal('sum(cost_agency_minor)') }} as cost_agency,
    {{ minor_to_decimal('sum(cost_platform_minor)') }} as cost_platform,
    {{ minor_to_decimal('sum(cost_labour_minor)') }} as cost_labour,
    {{ minor_to_decimal('sum(cost_boost_minor)') }} as cost_boost,
    {{ minor_to_decimal('sum(cost_other_minor)') }} as cost_other,
    {{ minor_to_decimal('sum(commission_minor)') }} as commission,
    cast(sum(clicks) as bigint) as clicks,
    cast(sum(valid_clicks) as bigint) as valid_clicks,
    cast(sum(impressions) as bigint) as impressions,
    cast(sum(reach) as bigint) as reach,
    cast(sum(views) as bigint) as views,
    cast(sum(engagements) as bigint) as engagements,
    {{ minor_to_decimal('sum(emv_minor)') }} as emv,
    bool_or(has_unpriced_cost) as has_unpriced_cost,
    case when bool_or(is_provisional) then 'provisional' else 'settled' end as status
{%- endmacro %}

{# What a row of those sums cost in all, commission included; null where a cost has no rate. #}
{% macro cost_total() -%}
    case
        when not has_unpriced_cost
            then cast(
                cost_fee + cost_product + cost_shipping + cost_agency + cost_platform + cost_labour + cost_boost
                + cost_other + commission as decimal(38, 4)
            )
    end
{%- endmacro %}

{# The measures in the marts' order; reads the sums, cost_total, assisted_orders and followers. #}
{% macro roi_measures() -%}
    orders,
    new_customer_orders,
    gross_revenue,
    net_revenue,
    cost_fee,
    cost_product,
    cost_shipping,
    cost_agency,
    cost_platform,
    cost_labour,
    cost_boost,
    cost_other,
    commission,
    cost_total,
    cast(net_revenue - cost_total as decimal(38, 4)) as profit,
    100 * {{ ratio('net_revenue - cost_total', 'cost_total') }} as roi_pct,
    {{ ratio('net_revenue', 'cost_total') }} as roas,
    {{ ratio('cost_total', 'orders') }} as cpa,
    {{ ratio('cost_total', 'valid_clicks') }} as cpc,
    {{ ratio('1000 * cost_total', 'impressions') }} as cpm,
    {{ ratio('cost_total', 'engagements') }} as cpe,
    {{ ratio('net_revenue', 'orders') }} as aov,
    clicks,
    valid_clicks,
    {{ ratio('clicks', 'impressions') }} as ctr,
    {{ ratio('orders', 'valid_clicks') }} as conversion_rate,
    assisted_orders,
    impressions,
    reach,
    engagements,
    {{ ratio('engagements', 'followers') }} as engagement_rate,
    {{ ratio('engagements', 'reach') }} as engagement_rate_by_reach,
    {{ ratio('engagements', 'views') }} as engagement_rate_by_views,
    emv
{%- endmacro %}

{# Who bought, and what is still provisional, of the same sums. #}
{% macro roi_parts() -%}
    returning_customer_orders,
    round(orders - provisional_orders, 9) as settled_orders,
    provisional_orders,
    cast(net_revenue - provisional_net_revenue as decimal(38, 4)) as settled_net_revenue,
    provisional_net_revenue
{%- endmacro %}
