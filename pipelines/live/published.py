"""Published: what a page takes from the last published marts: costs, engagement, deliverables, suspects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from pipelines.failures import BadInput, CheckFailed
from pipelines.rules.decoding import EPOCH, MICROSECOND
from pipelines.rules.leaks import Suspect
from pipelines.rules.pacing import Target
from pipelines.rules.plans import Budget, OpenDeliverable
from pipelines.warehouse.findings import read_result
from pipelines.warehouse.versions import Version, current_version

CATEGORIES = ("fee", "product", "shipping", "agency", "platform", "labour", "boost", "other")
COST = " + ".join(f"cost_{category}" for category in CATEGORIES)

RETURNS = f"""
with days as (
    select * from read_parquet($folder || '/fct_influencer_day.parquet') where model = 'policy'
),

spent as (
    select
        influencer_id, campaign_id,
        sum({COST}) filter (where day <= $today) as cost,
        sum(commission) filter (where day <= $today) as commission,
        sum(engagements)::bigint as engagements,
        sum(emv) as emv
    from days
    where influencer_id is not null
    group by all
)

select spent.*, roi.content_type, roi.followers
from spent
left join (
    select influencer_id, campaign_id, content_type, followers
    from read_parquet($folder || '/fct_influencer_roi.parquet') where model = 'policy'
) as roi using (influencer_id, campaign_id)
"""  # noqa: S608
BUDGETS = f"""
select
    days.campaign_id,
    sum({COST}) as planned,
    coalesce(sum({COST}) filter (where day <= $today), 0) as spent,
    any_value(starts_at), any_value(ends_at)
from read_parquet($folder || '/fct_influencer_day.parquet') as days
inner join read_parquet($folder || '/dim_campaign.parquet') as campaigns using (campaign_id)
where model = 'policy' and day >= timezone(campaigns.timezone, campaigns.starts_at)::date
group by days.campaign_id
"""  # noqa: S608
POSTS = """
select influencer_id, campaign_id, day, impressions, engagements
from read_parquet($folder || '/fct_influencer_day.parquet')
where model = 'policy' and influencer_id is not null and (impressions is not null or engagements is not null)
"""
DELIVERABLES = """
select deliverable_id, influencer_id, campaign_id, deliverables.platform, content_type, due_on, campaigns.timezone
from read_parquet($folder || '/fct_deliverables.parquet') as deliverables
inner join read_parquet($folder || '/dim_campaign.parquet') as campaigns using (campaign_id)
where deliverables.status in ('open', 'missing')
"""
SUSPECTS = """
select code, influencer_id, campaign_id, day, evidence
from read_parquet($folder || '/fct_code_leaks.parquet')
qualify row_number() over (partition by code, influencer_id, campaign_id order by day desc) = 1 and is_suspect
"""


@dataclass(frozen=True, slots=True)
class Return:
    """What the marts say of an influencer in a campaign; `cost` until a day, commission left out."""

    cost: Decimal | None
    commission: Decimal | None
    engagements: int | None
    emv: Decimal | None
    content_type: str | None
    followers: int | None


@dataclass(frozen=True, slots=True)
class Marts:
    """One published version as of a day; of a workspace without one all is empty.

    `posts`: impressions and engagements by influencer, campaign and day.
    """

    version: Version | None = None
    expectations: int = 0
    failed_check_at: datetime | None = None
    returns: Mapping[tuple[str, str], Return] = field(default_factory=dict)
    posts: Mapping[tuple[str, str], Mapping[date, tuple[int | None, int | None]]] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    deliverables: tuple[OpenDeliverable, ...] = ()
    suspects: tuple[Suspect, ...] = ()

    def by_day(self, target: Target) -> dict[date, Decimal] | None:
        """The impressions or engagements that a target counts, by day; null before the first publish."""
        if self.version is None:
            return None
        place = ("impressions", "engagements").index(target.metric)
        found: dict[date, Decimal] = {}
        for (influencer, campaign), days in self.posts.items():
            if campaign == target.campaign_id and target.influencer_id in (None, influencer):
                for day, counts in days.items():
                    found[day] = found.get(day, Decimal(0)) + (counts[place] or 0)
        return found


class Published:
    """The marts of a workspace, read again when another version is published or another day has come."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._of: tuple[int, date, float] | None = None
        self._marts = Marts()

    def marts(self, today: date) -> Marts:
        """The current version, with what was spent until `today`."""
        try:
            folder, version = current_version(self._root)
        except BadInput:
            return Marts()
        asked = (version.version, today, _changed_at(self._root / "warehouse" / "check.json"))
        if asked != self._of:
            self._marts = _read(self._root, folder, version, today)
            self._of = asked
        return self._marts


def _changed_at(file: Path) -> float:
    return file.stat().st_mtime if file.exists() else 0.0


def _read(root: Path, folder: Path, version: Version, today: date) -> Marts:
    expectations, failed_at = _checked(root, version)
    with duckdb.connect() as marts:
        marts.execute("set TimeZone = 'UTC'")
        of = {"folder": str(folder)}
        returns = marts.execute(RETURNS, of | {"today": today}).fetchall()
        posts = marts.execute(POSTS, of).fetchall()
        budgets = marts.execute(BUDGETS, of | {"today": today}).fetchall()
        deliverables = marts.execute(DELIVERABLES, of).fetchall()
        suspects = marts.execute(SUSPECTS, of).fetchall()
    minor = 10**version.reporting_digits
    return Marts(
        version=version,
        expectations=expectations,
        failed_check_at=failed_at,
        returns={(influencer, campaign): Return(*of_pair) for influencer, campaign, *of_pair in returns},
        posts=_by_pair(posts),
        budgets=tuple(
            Budget(campaign, int(planned * minor), int(spent * minor), _micros(starts_at), _micros(ends_at))
            for campaign, planned, spent, starts_at, ends_at in budgets
            if planned is not None and spent is not None
        ),
        deliverables=tuple(_deliverable(*row) for row in deliverables),
        suspects=tuple(
            Suspect(code, influencer, campaign, _micros(datetime.combine(day, time(), UTC)), evidence)
            for code, influencer, campaign, day, evidence in suspects
        ),
    )


def _by_pair(
    rows: Iterable[tuple[str, str, date, int | None, int | None]],
) -> dict[tuple[str, str], dict[date, tuple[int | None, int | None]]]:
    found: dict[tuple[str, str], dict[date, tuple[int | None, int | None]]] = {}
    for influencer, campaign, day, impressions, engagements in rows:
        found.setdefault((influencer, campaign), {})[day] = (impressions, engagements)
    return found


def _deliverable(
    deliverable: str, influencer: str, campaign: str, platform: str, content_type: str, due_on: date, timezone: str
) -> OpenDeliverable:
    overdue_at = _end_of(due_on, timezone)
    return OpenDeliverable(deliverable, influencer, campaign, platform, content_type, due_on, overdue_at)


def _checked(root: Path, version: Version) -> tuple[int, datetime | None]:
    """How many expectations the version passed, and when a newer build failed its check."""
    try:
        verdict = read_result(root / "warehouse" / "check.json")
    except (CheckFailed, OSError):
        return 0, None
    is_newer = verdict.fingerprint != version.fingerprint and verdict.checked_at > version.published_at
    return verdict.expectations, verdict.checked_at if is_newer and not verdict.passed else None


def _end_of(day: date, timezone: str) -> int:
    return _micros(datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone)))


def _micros(instant: datetime) -> int:
    return (instant.astimezone(UTC) - EPOCH) // MICROSECOND
