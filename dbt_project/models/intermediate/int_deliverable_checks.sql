with deliverables as (select * from {{ ref('stg_deliverables') }}),

pairs as (select * from {{ ref('int_deliverable_posts') }}),

required as (select * from {{ ref('int_deliverable_hashtags') }}),

captions as (select * from {{ ref('int_post_captions') }}),

hashtags as (select * from {{ ref('int_post_hashtags') }}),

codes as (select * from {{ ref('stg_codes') }}),

links as (select * from {{ ref('stg_links') }}),

tagged as (
    select
        required.deliverable_id,
        bool_and(hashtags.hashtag is not null) as hashtags_present,
        string_agg(
            case when hashtags.hashtag is null then required.hashtag end, ' ' order by required.hashtag
        ) as missing_hashtags
    from required
    inner join pairs using (deliverable_id)
    left join hashtags on pairs.post_id = hashtags.post_id and required.hashtag = hashtags.hashtag
    group by required.deliverable_id
),

spellings as (  -- as the shop compares codes: spaces do not count, but other letters before or after do
    select
        code,
        '(?:^|[^\p{L}\p{M}\p{N}_])'
        || regexp_replace(regexp_escape(min(normalised_code)), '(\\?.)', '\1\\s*', 'g')
        || '(?:$|[^\p{L}\p{M}\p{N}_])' as pattern
    from codes
    group by code
),

addresses as (  -- what ends a parameter's value is written as the sign between two
    select
        post_id,
        replace(
            url_decode(regexp_replace(address_text, '[\s#"<>()]', '&', 'g') || '&'), '+', ' '
        ) as query_texts
    from captions
),

carried as (
    select
        deliverables.deliverable_id,
        bool_or(
            coalesce(links.post_id = pairs.post_id, false)
            or coalesce(
                regexp_matches(
                    captions.address_text,
                    '(?:^|[^\p{L}\p{N}_-])' || regexp_escape(lower(links.link_id)) || '(?:$|[^\p{L}\p{N}_-])'
                ),
                false
            )
            or coalesce(
                coalesce(
                    links.utm_source, links.utm_medium, links.utm_campaign, links.utm_content, links.utm_term
                ) is not null
                and coalesce(
                    contains(addresses.query_texts, 'utm_source=' || lower(trim(links.utm_source)) || '&'), true
                )
                and coalesce(
                    contains(addresses.query_texts, 'utm_medium=' || lower(trim(links.utm_medium)) || '&'), true
                )
                and coalesce(
                    contains(addresses.query_texts, 'utm_campaign=' || lower(trim(links.utm_campaign)) || '&'), true
                )
                and coalesce(
                    contains(addresses.query_texts, 'utm_content=' || lower(trim(links.utm_content)) || '&'), true
                )
                and coalesce(
                    contains(addresses.query_texts, 'utm_term=' || lower(trim(links.utm_term)) || '&'), true
                )
                and addresses.query_texts is not null,
                false
            )
        ) as is_carried
    from deliverables
    inner join pairs using (deliverable_id)
    inner join links on deliverables.required_link_id = links.link_id
    left join captions on pairs.post_id = captions.post_id
    left join addresses on pairs.post_id = addresses.post_id
    group by deliverables.deliverable_id
),

final as (  -- null: nothing is required, or nobody can know, without a post or without its caption
    select
        deliverables.deliverable_id,
        tagged.missing_hashtags,
        case when captions.post_id is not null then tagged.hashtags_present end as hashtags_present,
        regexp_matches(captions.plain_text, spellings.pattern) as code_present,
        case
            when pairs.post_id is not null and (carried.is_carried or captions.post_id is not null)
                then carried.is_carried
        end as link_present
    from deliverables
    inner join pairs using (deliverable_id)
    left join captions on pairs.post_id = captions.post_id
    left join tagged on deliverables.deliverable_id = tagged.deliverable_id
    left join spellings on deliverables.required_code = spellings.code
    left join carried on deliverables.deliverable_id = carried.deliverable_id
)

select * from final
