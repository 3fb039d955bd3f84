with shares as (select * from {{ ref('int_model_shares') }}),

paths as (select * from {{ ref('int_paths') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

members as (
    select
        campaign_id,
        month,
        unnest(list_distinct(influencers)) as influencer_id,
        conversions,
        null_paths
    from paths
),

counted as (
    select
        campaign_id,
        month,
        influencer_id,
        cast(sum(conversions) as bigint) as conversions,
        cast(sum(null_paths) as bigint) as null_paths
    from members
    group by campaign_id, month, influencer_id
),

final as (
    select
        shares.campaign_id,
        shares.month,
        shares.model,
        shares.influencer_id,
        shares.share,
        shares.parts,
        shares.removal_effect,
        {{ minor_to_decimal('shares.value_minor') }} as shapley_value,
        counted.conversions,
        counted.null_paths,
        counted.conversions + counted.null_paths as paths,
        case
            when
                timezone(coalesce(campaigns.timezone, 'UTC'), shares.month + interval 1 month)
                + to_hours(24 * settings.lateness_days) <= settings.watermark
                then 'settled'
            else 'provisional'
        end as status
    from shares
    inner join counted using (campaign_id, month, influencer_id)
    left join campaigns using (campaign_id)
    cross join settings
)

select * from final
