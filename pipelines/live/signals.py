"""Signals: what the rules are shown of a moment's counts, and what they make of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import duckdb

from pipelines.live.counts import DAY, HOUR, MINUTE
from pipelines.live.published import Marts
from pipelines.live.reference import Holding, Roster
from pipelines.live.sums import micros
from pipelines.rules.baseline import HISTORY_HOURS
from pipelines.rules.bursts import LEAST_BOTS, SLOT, BotClicks, bot_bursts
from pipelines.rules.leaks import LEAST_USES, CodeUse, Suspect, leaked_codes
from pipelines.rules.plans import burnt_budgets, overdue_deliverables
from pipelines.rules.signals import Signal, SubjectKind, in_order
from pipelines.rules.swings import DROP_MEDIAN, SPIKE_COUNT, Series, swings
from pipelines.rules.unrecognised import UnknownCode, UnresolvedLink, unknown_codes, unresolved_links

LEAK_DAYS = 16
CODE_HOURS = "select code as subject, instant // 3_600_000_000 as hour, count(*) as uses from codes group by all"
LINK_HOURS = "select link_id as subject, hour, sum(valid_clicks) as uses from click_hours group by all"
SWINGING = """
with hours as ({hours}),

usual as (
    select subject, sum(uses) as uses from hours
    where hour < $running - 1 and ($running - 1 - hour) % 24 = 0
    group by subject
)

select subject from hours where hour in ($running, $running - 1) and uses >= $spike
union
select subject from usual where uses >= $drop
"""
"""Who can be a spike, or was used enough at this hour before to be a drop."""

HISTORY = """
with hours as ({hours}),

mine as (select * from hours where subject in $subjects),

firsts as (select subject, min(hour) as first_hour from mine group by subject)

select subject, hour, uses, first_hour
from mine inner join firsts using (subject)
where hour > $running - $history and hour <= $running and (
    $is_whole or hour > $running - 3 or ($running - hour) % 24 = 0 or ($running - 1 - hour) % 24 = 0
)
"""
LEAKING = """
with hours as (
    select code, pair, instant // 3_600_000_000 as hour, count(*) as uses from codes
    where is_valid and pair is not null group by all
),

wanted as (
    select code, pair from hours where hour > $running - 24 and hour <= $running group by all having sum(uses) >= $least
),

firsts as (select code, pair, min(hour) as first_hour from hours semi join wanted using (code, pair) group by all)

select code, influencer_id, campaign_id, hour, uses, first_hour
from hours inner join firsts using (code, pair) inner join pairs using (pair)
where hour > $running - 24 * $days and hour <= $running
"""
HOLDERS_CLICKS = """
select influencer_id, campaign_id, hour, sum(valid_clicks) from click_hours
where hour > $running - 24 * $days and hour <= $running group by all
"""
BOTS = """
with slots as (
    select link_id, influencer_id, campaign_id, minute // 10 as slot, sum(bots) as bots, sum(clicks) as clicks
    from click_minutes where minute >= $yesterday and minute <= $last group by all
)

select * from slots
semi join (select link_id from slots where slot >= $recent and bots >= $least) as burst using (link_id)
"""
UNKNOWN = """
with typed as (
    select code, number, instant from codes
    where reason = 'unknown_code' and instant > $until - 86_400_000_000 and instant <= $until
)

select code, count(*), max(instant), (
    select sum(net) from orders
    where pair is null and instant is not null and number in (select number from typed as t where t.code = typed.code)
)
from typed group by code
"""
NAMELESS = """
select link_id, case when link_id is null then utm end as named, reason, sum(clicks), max(hour) from nameless_clicks
where hour > $running - 24 and hour <= $running group by all
"""


def signals(
    connection: duckdb.DuckDBPyConnection, roster: Roster, marts: Marts, until: datetime, currency: str
) -> tuple[Signal, ...]:
    """What holds at an instant, what wants an act first."""
    now = micros(until)
    return tuple(
        in_order(
            [
                *_swings(connection, roster, now),
                *leaked_codes(_uses(connection, now), _suspects(marts, roster, now), now),
                *bot_bursts(_bots(connection, now), now),
                *unknown_codes(_unknown(connection, now), roster.speller, currency),
                *unresolved_links(_nameless(connection, now)),
                *overdue_deliverables(marts.deliverables, now),
                *burnt_budgets(marts.budgets, now, currency),
            ]
        )
    )


def _swings(connection: duckdb.DuckDBPyConnection, roster: Roster, now: int) -> Iterable[Signal]:
    """First from the hours alone that decide it; whoever swings, from all of its history, which tells since when."""
    for hours, kind, holdings in (
        (CODE_HOURS, SubjectKind.CODE, roster.codes),
        (LINK_HOURS, SubjectKind.LINK, roster.links),
    ):
        held = {one.name: one for one in holdings if one.holds(now)}
        given = {"running": now // HOUR, "spike": SPIKE_COUNT, "drop": 2 * DROP_MEDIAN}
        wanted = [subject for (subject,) in connection.execute(SWINGING.format(hours=hours), given).fetchall()]
        subjects = [subject for subject in wanted if subject in held]
        for is_whole in (False, True):
            if subjects:
                asked = {"running": now // HOUR, "history": HISTORY_HOURS + 48, "is_whole": is_whole}
                rows = connection.execute(HISTORY.format(hours=hours), asked | {"subjects": subjects}).fetchall()
                found = swings(_by_subject(rows, kind, held), now)
                subjects = sorted({signal.subject for signal in found})
                if is_whole:
                    yield from found


def _by_subject(rows: Iterable[Any], kind: SubjectKind, held: Mapping[str, Holding]) -> Iterable[Series]:
    counts: dict[str, dict[int, int]] = {}
    firsts: dict[str, int] = {}
    for subject, hour, uses, first_hour in rows:
        counts.setdefault(subject, {})[hour] = uses
        firsts[subject] = first_hour
    for subject, hours in counts.items():
        holding = held[subject]
        yield Series(subject, kind, hours, firsts[subject], holding.campaign_id, holding.influencer_id)


def _suspects(marts: Marts, roster: Roster, now: int) -> Iterable[Suspect]:
    """Those that are not marked compromised since."""
    marked = {one.name for one in roster.codes if one.void_at is not None and one.void_at <= now}
    return (one for one in marts.suspects if one.code not in marked)


def _uses(connection: duckdb.DuckDBPyConnection, now: int) -> Iterable[CodeUse]:
    given = {"running": now // HOUR, "days": LEAK_DAYS}
    rows = connection.execute(LEAKING, given | {"least": LEAST_USES}).fetchall()
    if not rows:
        return
    clicks: dict[tuple[str, str], dict[int, int]] = {}
    for influencer, campaign, hour, valid in connection.execute(HOLDERS_CLICKS, given).fetchall():
        clicks.setdefault((influencer, campaign), {})[hour] = valid
    uses: dict[tuple[str, str, str], dict[int, int]] = {}
    firsts: dict[tuple[str, str, str], int] = {}
    for code, influencer, campaign, hour, count, first_hour in rows:
        uses.setdefault((code, influencer, campaign), {})[hour] = count
        firsts[code, influencer, campaign] = first_hour
    for whose, hours in uses.items():
        yield CodeUse(*whose, hours, clicks.get(whose[1:], {}), firsts[whose])


def _bots(connection: duckdb.DuckDBPyConnection, now: int) -> Iterable[BotClicks]:
    given = {
        "yesterday": (now // DAY - 1) * DAY // MINUTE,
        "last": now // MINUTE,
        "recent": (now // HOUR - 1) * HOUR // SLOT,
        "least": LEAST_BOTS,
    }
    found: dict[tuple[str, str, str], tuple[dict[int, int], dict[int, int]]] = {}
    for link, influencer, campaign, slot, bots, clicks in connection.execute(BOTS, given).fetchall():
        of_bots, of_all = found.setdefault((link, campaign, influencer), ({}, {}))
        of_bots[slot], of_all[slot] = bots, clicks
    for (link, campaign, influencer), (of_bots, of_all) in found.items():
        yield BotClicks(link, of_bots, of_all, campaign, influencer)


def _unknown(connection: duckdb.DuckDBPyConnection, now: int) -> Iterable[UnknownCode]:
    for code, uses, last, at_stake in connection.execute(UNKNOWN, {"until": now}).fetchall():
        yield UnknownCode(code, uses, last, at_stake)


def _nameless(connection: duckdb.DuckDBPyConnection, now: int) -> Iterable[UnresolvedLink]:
    for link, utm, reason, clicks, hour in connection.execute(NAMELESS, {"running": now // HOUR}).fetchall():
        named_by = SubjectKind.UTM if link is None else SubjectKind.LINK
        yield UnresolvedLink(utm if link is None else link, named_by, reason, clicks, hour * HOUR)
