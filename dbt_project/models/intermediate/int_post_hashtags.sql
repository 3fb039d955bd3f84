with captions as (select * from {{ ref('int_post_captions') }}),

final as (
    select
        post_id,
        '#' || unnest(hashtags) as hashtag
    from captions
)

select * from final
