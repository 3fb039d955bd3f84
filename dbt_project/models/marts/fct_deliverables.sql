with deliverables as (select * from {{ ref('stg_deliverables') }}),

pairs as (select * from {{ ref('int_deliverable_posts') }}),

checks as (select * from {{ ref('int_deliverable_checks') }}),

disclosures as (select * from {{ ref('int_post_disclosures') }}),

campaigns as (select * from {{ ref('stg_campaigns') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

judged as (
    select
        deliverables.*,
        pairs.post_id,
        pairs.posted_on,
        checks.hashtags_present,
        checks.missing_hashtags,
        checks.code_present,
        checks.link_present,
        disclosures.disclosure,
        case
            when pairs.posted_on <= deliverables.due_on then 'on_time'
            when pairs.posted_on > deliverables.due_on then 'late'
            when cast(timezone(campaigns.timezone, settings.watermark) as date) > deliverables.due_on then 'missing'
            else 'open'
        end as status,
        coalesce(pairs.posted_on, cast(timezone(campaigns.timezone, settings.watermark) as date))
        - deliverables.due_on as days_over
    from deliverables
    inner join campaigns on deliverables.campaign_id = campaigns.campaign_id
    cross join settings
    inner join pairs on deliverables.deliverable_id = pairs.deliverable_id
    inner join checks on deliverables.deliverable_id = checks.deliverable_id
    left join disclosures on pairs.post_id = disclosures.post_id
),

final as (
    select
        deliverable_id,
        campaign_id,
        influencer_id,
        platform,
        content_type,
        due_on,
        post_id,
        posted_on,
        status,
        case when status != 'open' then greatest(0, days_over) end as days_late,
        required_hashtags,
        hashtags_present,
        required_code,
        code_present,
        required_link_id,
        link_present,
        disclosure,
        case
            when status = 'missing' then 'the post'
            else nullif(
                concat_ws(
                    ', ',
                    case when not hashtags_present then 'hashtags ' || missing_hashtags end,
                    case when not code_present then 'code ' || required_code end,
                    case when not link_present then 'link ' || required_link_id end,
                    case when disclosure = 'missing' then 'disclosure' end
                ),
                ''
            )
        end as missing
    from judged
)

select * from final
