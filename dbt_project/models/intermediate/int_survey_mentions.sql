with answers as (select * from {{ ref('int_survey_answers') }}),

phrases as (select * from {{ ref('int_survey_phrases') }}),

distinct_answers as (
    select distinct
        answer,
        {{ words_of('answer') }} as words
    from answers
),

lengths as (select unnest([1, 2, 3, 4]) as words),

begun as (
    select
        answer,
        words,
        unnest(generate_series(1, len(words))) as begins_at
    from distinct_answers
),

runs as (  -- every run of one to four words
    select
        begun.answer,
        array_to_string(list_slice(begun.words, begun.begins_at, begun.begins_at + lengths.words - 1), ' ') as phrase
    from begun
    cross join lengths
),

final as (
    select
        runs.answer,
        min(phrases.influencer_id) as influencer_id
    from runs
    inner join phrases using (phrase)
    group by runs.answer
    having count(distinct phrases.influencer_id) = 1
)

select * from final
