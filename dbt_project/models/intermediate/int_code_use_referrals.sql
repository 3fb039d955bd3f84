{{ config(materialized='incremental', incremental_strategy='added') }}

with clicks as (select * from {{ source('lake', 'arrived_clicks') }}),

sites as (select * from {{ ref('coupon_sites') }}),

referrers as (
    select distinct referrer
    from clicks
    where referrer is not null
),

hosts as (
    select
        referrer,
        string_split(lower(regexp_extract(referrer, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]+)', 1)), '.')
            as parts
    from referrers
),

named as (  -- a site's domain has two parts or three
    select
        referrer,
        unnest([array_to_string(parts[-2:], '.'), array_to_string(parts[-3:], '.')]) as site
    from hosts
),

listed as (
    select distinct
        named.referrer,
        named.site
    from named
    inner join sites on named.site = sites.domain
),

final as (  -- a repeated message says the same again
    select distinct
        clicks.visitor_id,
        clicks.occurred_at,
        listed.site
    from clicks
    inner join listed using (referrer)
    {% if goes_on() %}except
    select * from {{ this }}{% endif %}
)

select * from final
