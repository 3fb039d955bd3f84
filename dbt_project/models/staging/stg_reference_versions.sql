with source as (select * from {{ source('lake', 'reference_versions') }}),

final as (
    select
        -- ids
        reference_version,
        -- texts
        settings,
        -- times
        recorded_at
    from source
)

select * from final
