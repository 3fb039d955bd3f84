with targets as (select * from {{ ref('int_target_progress') }}),

settings as (select * from {{ ref('stg_run_settings') }}),

judged as (
    select
        targets.*,
        {{ ratio('targets.actual', 'targets.expected') }} as pace,
        case
            when targets.is_before then 'not_started'
            when targets.actual >= targets.target then 'reached'
            when targets.actual is null then 'unknown'
            when targets.is_ended then 'missed'
            when targets.actual < 0.9 * targets.expected then 'behind'
            when targets.actual > 1.1 * targets.expected then 'ahead'
            else 'on_track'
        end as verdict,
        case when targets.metric = 'revenue' then settings.reporting_currency || ' revenue' else targets.metric end
            as noun,
        case
            when targets.metric = 'revenue' then '{:,.' || settings.reporting_digits || 'f}' else '{:,.0f}'
        end as pattern
    from targets
    cross join settings
),

worded as (
    select
        *,
        format(pattern, cast(target as double)) || ' ' || noun as goal,
        format(pattern, cast(actual as double)) || ' of ' || format(pattern, cast(target as double)) || ' ' || noun
            as standing,
        strftime(ends_on, '%-d %B %Y') as ending,
        coalesce(
            ' At the daily rate so far it ends at about ' || format(pattern, cast(projected as double)) || ' ('
            || format(pattern, cast(projected_low as double)) || ' to '
            || format(pattern, cast(projected_high as double)) || ').',
            ' There are too few days yet to say where it ends.'
        ) as outlook
    from judged
),

final as (
    select
        campaign_id,
        influencer_id,
        metric,
        starts_on,
        ends_on,
        as_of,
        cast(target as decimal(38, 4)) as target,
        actual,
        expected,
        time_share,
        pace,
        projected,
        projected_low,
        projected_high,
        verdict,
        case verdict
            when 'not_started'
                then
                    'Starts on ' || strftime(starts_on, '%-d %B %Y') || ': ' || goal || ' are wanted by '
                    || ending || '.'
            when 'unknown'
                then 'Not known yet: an order lacks an exchange rate. ' || goal || ' are wanted by ' || ending || '.'
            when 'missed' then 'Missed: ' || standing || ' when it ended on ' || ending || '.'
            when 'reached'
                then 'Reached: ' || standing || case when is_ended then ' by ' || ending || '.' else '.' || outlook end
            else
                upper(verdict[1]) || replace(verdict[2:], '_', ' ') || ': ' || standing || ', where '
                || format(pattern, cast(expected as double)) || ' were expected by now and all of it by '
                || ending || '.' || outlook
        end as sentence
    from worded
)

select * from final
