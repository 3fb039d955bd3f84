with deliverables as (select * from {{ ref('stg_deliverables') }}),

named as (
    select
        deliverable_id,
        campaign_id,
        unnest(
            list_distinct(
                regexp_extract_all(normalised_required_hashtags, '(?:^|[\s,;#]+)([\p{L}\p{M}\p{N}_]+)', 1)
            )
        ) as tag
    from deliverables
),

final as (
    select
        deliverable_id,
        campaign_id,
        '#' || tag as hashtag
    from named
)

select * from final
