with posts as (select * from {{ ref('int_posts') }}),

codes as (select unnest(range(33, 127)) as code),

widths as (  -- the full-width forms that East Asian keyboards write, and what they stand for
    select
        string_agg(chr(cast(code + 65248 as integer)), '' order by code) as full_width,
        string_agg(chr(cast(code as integer)), '' order by code) as half_width
    from codes
),

plain as (  -- without characters that nobody sees
    select
        posts.post_id,
        lower(
            translate(
                regexp_replace(nfc_normalize(posts.caption), '[\p{Cf}\x{FE0F}]', '', 'g'),
                widths.full_width,
                widths.half_width
            )
        ) as plain_text
    from posts
    cross join widths
    where posts.caption is not null
),

unlinked as (  -- what follows a # in an address is no hashtag
    select
        *,
        regexp_replace(plain_text, 'https?://[^\s]+', ' ', 'g') as own_words
    from plain
),

final as (
    select
        post_id,
        plain_text,
        ' ' || trim(regexp_replace(own_words, '[^\p{L}\p{M}\p{N}_]+', ' ', 'g')) || ' ' as words,
        list_sort(
            list_distinct(regexp_extract_all(own_words, '#([\p{L}\p{M}\p{N}_]*[\p{L}][\p{L}\p{M}\p{N}_]*)', 1))
        ) as hashtags
    from unlinked
)

select * from final
