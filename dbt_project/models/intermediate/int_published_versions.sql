with source as (select * from {{ source('lake', 'published_versions') }}),

final as (
    select
        version,
        published_at,
        attributed_until,
        orders,
        net_revenue,
        reporting_currency,
        dense_rank() over (order by attributed_until) as place
    from source
)

select * from final
