{{ config(materialized='incremental', incremental_strategy='arrived_orders') }}

with revisions as not materialized (  -- linear credits every touch of the journey that the path transform leaves
    select
        * exclude (credits),
        [(c.kind, c.claim_id) for c in credits if c.model = 'linear'] as touch_keys
    from {{ ref('stg_arrived_attributions') }}
),

current_revisions as (
    select
        order_id,
        max(revision_key) as revision_key
    from revisions
    group by order_id
),

final as (
    select revisions.*
    from revisions
    inner join current_revisions using (order_id, revision_key)
    where revisions.ordered_at is not null  -- without a time it is an order no more
)

select * from final
