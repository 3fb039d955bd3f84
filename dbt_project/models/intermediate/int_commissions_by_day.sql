with entries as (select * from {{ ref('int_commission_entries') }}),

final as (
    select
        influencer_id,
        campaign_id,
        day,
        cast(coalesce(sum(reporting_minor), 0) as hugeint) as reporting_minor,
        bool_or(reporting_minor is null) as has_unpriced
    from entries
    group by influencer_id, campaign_id, day
)

select * from final
