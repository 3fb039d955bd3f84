{{ config(materialized='incremental', incremental_strategy='recounted_posts') }}

with clicks as ({{ came_and_went() }}),

lent as (select * from {{ ref('int_post_links') }}),

counted as (
    select
        lent.post_id,
        sum(clicks.change) as clicks,
        coalesce(sum(clicks.change) filter (where clicks.reason is null and not clicks.is_bot), 0) as holding_clicks
    from clicks
    inner join lent
        on
            clicks.link_id = lent.link_id
            and clicks.occurred_at >= lent.holds_from
            and clicks.occurred_at < lent.holds_to
    where clicks.influencer_id is not null
    group by lent.post_id
),

facts as (
    select * from counted
    {{ counted_before('recounted_posts') }}
),

final as (
    select
        post_id,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(holding_clicks) as bigint) as holding_clicks
    from facts
    group by post_id
    having sum(clicks) > 0
)

select * from final
