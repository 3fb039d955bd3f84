with posts as (select * from {{ ref('int_posts') }}),

captions as (select * from {{ ref('int_post_captions') }}),

listed as (select * from {{ ref('disclosure_phrases') }}),

phrases as (
    select
        phrase,
        kind,
        lower(phrase) as wanted,
        regexp_matches(phrase, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]') as is_without_spaces
    from listed
),

found as (
    select
        captions.post_id,
        min(phrases.phrase) as disclosed_by
    from captions
    inner join phrases
        on case phrases.kind
            when 'tag' then list_contains(captions.hashtags, ltrim(phrases.wanted, '#'))
            when 'opening' then starts_with(captions.words, ' ' || phrases.wanted || ' ')
            when 'phrase'
                then
                    contains(captions.words, ' ' || phrases.wanted || ' ')
                    or (phrases.is_without_spaces and contains(captions.words, phrases.wanted))
        end
    group by captions.post_id
),

final as (
    select
        posts.post_id,
        found.disclosed_by,
        case
            when posts.caption is null then 'unknown'
            when found.post_id is not null then 'found'
            else 'missing'
        end as disclosure
    from posts
    left join found using (post_id)
)

select * from final
