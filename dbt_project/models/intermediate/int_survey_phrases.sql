with influencers as (select * from {{ ref('stg_influencers') }}),

codes as (select * from {{ ref('stg_codes') }}),

written as (
    select
        influencer_id,
        '@' || ltrim(handle, '@') as phrase,
        true as is_marked
    from influencers
    union all
    select
        influencer_id,
        ltrim(handle, '@') as phrase,
        false as is_marked
    from influencers
    union all
    select
        influencer_id,
        name as phrase,
        contains(trim(name), ' ') as is_marked
    from influencers
    union all
    select
        influencer_id,
        normalised_code as phrase,
        false as is_marked
    from codes
),

phrases as (
    select
        influencer_id,
        array_to_string({{ words_of('phrase') }}, ' ') as phrase
    from written
    where is_marked or regexp_matches(phrase, '[^\p{L}\s]')  -- a plain word, as a first name, may mean anything
),

final as (
    select
        phrase,
        min(influencer_id) as influencer_id
    from phrases
    where phrase != ''
    group by phrase
    having count(distinct influencer_id) = 1
)

select * from final
