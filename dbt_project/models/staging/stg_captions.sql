with source as (select * from {{ source('lake', 'captions') }}),

final as (
    select
        -- texts
        caption,
        normalised_caption
    from source
)

select * from final
