with posts as (select * from {{ ref('int_posts') }}),

captions as (select * from {{ ref('stg_captions') }}),

unlinked as (  -- what follows a # in an address is no hashtag
    select
        posts.post_id,
        captions.normalised_caption as plain_text,
        lower(regexp_replace(nfc_normalize(posts.caption), '\p{Cf}', '', 'g')) as address_text,
        regexp_replace(captions.normalised_caption, 'https?://[^\s]+', ' ', 'g') as own_words
    from posts
    inner join captions using (caption)
),

final as (
    select
        post_id,
        plain_text,
        address_text,
        ' ' || trim(regexp_replace(own_words, '[^\p{L}\p{M}\p{N}_]+', ' ', 'g')) || ' ' as words,
        list_sort(
            list_distinct(regexp_extract_all(own_words, '#([\p{L}\p{M}\p{N}_]*[\p{L}][\p{L}\p{M}\p{N}_]*)', 1))
        ) as hashtags
    from unlinked
)

select * from final
