"""Clicks: how many came through each link when, counted as they land, each click once."""

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from pipelines.live.news import News
from pipelines.live.seen import Identities, Seen
from pipelines.live.transaction import transaction
from pipelines.rules.links import LinkAssignment
from pipelines.stores.lake import Lake
from pipelines.warehouse.clicks import resolved_clicks

CREATE = """
create table click_minutes (
    minute int, influencer_id varchar, campaign_id varchar, link_id varchar, clicks int, bots int
);
create table click_quarters (quarter int, campaign_id varchar, clicks int);
create table click_hours (hour int, influencer_id varchar, campaign_id varchar, link_id varchar, valid_clicks int);
create table click_days (day date, influencer_id varchar, campaign_id varchar, clicks int, valid_clicks int);
create table nameless_clicks (hour int, link_id varchar, utm varchar, reason varchar, clicks int)
"""
"""Minutes, quarters of an hour and hours since 1970 UTC, days in the campaign's time zone, as `timezones` has it.

Nameless is what no link row holds.
"""

IDENTITY = "select hash(event_id, visitor_id) as identity from arriving_clicks"
FRESH = """
create or replace temp table fresh_clicks as
select
    epoch_us(occurred_at) as instant,
    influencer_id, campaign_id, link_id, is_bot, reason, named_link_id,
    concat_ws(
        '&', 'utm_source=' || nullif(utm_source, ''), 'utm_medium=' || nullif(utm_medium, ''),
        'utm_campaign=' || nullif(utm_campaign, ''), 'utm_content=' || nullif(utm_content, ''),
        'utm_term=' || nullif(utm_term, '')
    ) as utm
from fresh
"""
VALID = "count(*) filter (where reason is null and not is_bot)"
COUNT = (
    """
    insert into click_minutes
    select
        instant // 60_000_000, influencer_id, campaign_id, link_id, count(*), count(*) filter (where is_bot)
    from fresh_clicks
    where influencer_id is not null
        and instant // 60_000_000 > (select max(instant) // 60_000_000 from fresh_clicks) - 2940
    group by all
    """,
    """
    insert into click_quarters
    select instant // 900_000_000, campaign_id, count(*) from fresh_clicks where influencer_id is not null group by all
    """,
    f"""
    insert into click_hours
    select instant // 3_600_000_000, influencer_id, campaign_id, link_id, {VALID}
    from fresh_clicks
    where influencer_id is not null
    group by all
    """,  # noqa: S608
    f"""
    insert into click_days
    with placed as (
        select
            *,
            timezone(coalesce(timezones.timezone, 'UTC'), to_timestamp(quarter * 900))::date as day
        from (
            select
                instant // 900_000_000 as quarter, influencer_id, campaign_id, count(*) as clicks,
                {VALID} as valid_clicks
            from fresh_clicks where influencer_id is not null group by all
        )
        left join timezones using (campaign_id)
    )

    select day, influencer_id, campaign_id, sum(clicks), sum(valid_clicks) from placed group by all
    """,  # noqa: S608
    """
    insert into nameless_clicks
    select instant // 3_600_000_000, named_link_id, utm, reason, count(*)
    from fresh_clicks
    where reason is not null and not is_bot and (named_link_id is not null or utm != '')
    group by all
    """,
)
TIDY = (
    "delete from click_minutes where minute <= (select max(minute) from click_minutes) - 2940",
    "delete from click_quarters where quarter < (select max(quarter) from click_quarters) - 33 * 96",
    "delete from nameless_clicks where hour < (select max(hour) from nameless_clicks) - 48",
    *(
        f"""
        create or replace table {table} as
        select {keys}, {", ".join(f"sum({count})::int as {count}" for count in counts)} from {table} group by all
        """  # noqa: S608
        for table, keys, counts in (
            ("click_minutes", "minute, influencer_id, campaign_id, link_id", ("clicks", "bots")),
            ("click_quarters", "quarter, campaign_id", ("clicks",)),
            ("click_hours", "hour, influencer_id, campaign_id, link_id", ("valid_clicks",)),
            ("click_days", "day, influencer_id, campaign_id", ("clicks", "valid_clicks")),
        )
    ),
)


class LiveClicks:
    """The tables of CREATE in `connection`, kept up with the lake.

    Of a click that is sent again the message that came first counts; the marts count the one of the least
    partition and offset, which differs only where a repeat says something else and lies in an earlier partition.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Lake, links: Sequence[LinkAssignment]) -> None:
        self._connection, self._lake, self._links = connection, lake, links
        self._news = News(lake, "clicks")
        self._seen = Seen()
        connection.execute(CREATE)

    def catch_up(self) -> bool:
        """Counts what landed since; whether there was anything."""
        return self._news.read(self._take)

    def tidy(self) -> None:
        """Forgets minutes of long ago, and puts equal counts together."""
        for statement in TIDY:
            self._connection.execute(statement)

    def _take(self, files: list[str]) -> None:
        clicks = resolved_clicks(self._lake, self._links, files)
        if not clicks.num_rows:
            return
        identities = self._identities(clicks)
        is_fresh = self._seen.unseen(identities)
        self._connection.register("fresh", clicks if is_fresh.all() else clicks.filter(pa.array(is_fresh)))
        with transaction(self._connection):
            self._connection.execute(FRESH)
            self._connection.unregister("fresh")
            for statement in COUNT:
                self._connection.execute(statement)
        self._seen.add(identities[is_fresh])

    def _identities(self, clicks: pa.Table) -> Identities:
        self._connection.register("arriving_clicks", clicks)
        identities: Identities = self._connection.execute(IDENTITY).fetchnumpy()["identity"]
        self._connection.unregister("arriving_clicks")
        return identities
