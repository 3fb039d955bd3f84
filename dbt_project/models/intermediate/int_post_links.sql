{{ config(materialized='view') }}

with links as (select * from {{ ref('stg_links') }}),

final as (
    select
        link_id,
        post_id,
        coalesce(valid_from, cast('-infinity' as timestamptz)) as holds_from,
        coalesce(valid_to, cast('infinity' as timestamptz)) as holds_to
    from links
    where post_id is not null
)

select * from final
