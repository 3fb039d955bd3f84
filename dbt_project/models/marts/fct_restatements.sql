{{ config(materialized='view') }}

with moves as (select * from {{ ref('int_restatements') }}),

versions as (select * from {{ ref('int_published_versions') }}),

published as (
    select
        place,
        min(version) as first_version,
        min(published_at) as first_published_at,
        max(version) as last_version,
        max(published_at) as last_published_at
    from versions
    group by place
),

final as (
    select
        moves.order_id,
        former.last_version as version_from,
        later.first_version as version_to,
        former.last_published_at as published_from_at,
        later.first_published_at as published_to_at,
        moves.computed_at,
        moves.cause,
        moves.causes,
        moves.from_influencer_id,
        moves.to_influencer_id,
        moves.from_campaign_id,
        moves.to_campaign_id,
        {{ minor_to_decimal('moves.from_net_minor') }} as from_net,
        {{ minor_to_decimal('moves.to_net_minor') }} as to_net,
        {{ minor_to_decimal('moves.to_net_minor - moves.from_net_minor') }} as delta
    from moves
    left join published as former on moves.place = former.place + 1
    left join published as later on moves.place = later.place
)

select * from final
