"""Capacity: what a rate of events needs, by what one event was measured to cost; sizes in bytes, times in seconds."""

from dataclasses import dataclass
from math import ceil

DAY = 86_400
BUSY = 0.6  # of a core or of memory that is planned with: the rest is for catching up after a failure
LOG_BUSY = 0.5  # of the time that commits to one table's log may take, one after the other
TABLES = 5  # that a worker commits to: four topics and the attributions


@dataclass(frozen=True)
class Costs:
    """What was measured of a world. `click_share` and `order_share` are of all events, orders counted once.

    `wire` is a message as it was sent, `landed` its part of the landing tables' files, `attributed` an order's part of
    the attributions' files; `click_state` and `order_state` are what a worker's memory holds of an open one.
    """

    cpu: float
    click_share: float
    order_share: float
    wire: float
    landed: float
    attributed: float
    click_state: float
    order_state: float
    commit: float


@dataclass(frozen=True)
class Cloud:
    """A machine, the store of the lake, and their list prices in US dollars."""

    machine: str
    cores: int
    memory: float
    an_hour: float
    a_gigabyte_month: float
    a_write: float
    commit: float
    """One round trip of a conditional write to the object store: an assumption, to be measured where it will run."""
    source: str


AWS = Cloud(
    machine="m7g.large",
    cores=2,
    memory=8 * 2**30,
    an_hour=0.0816,
    a_gigabyte_month=0.023,
    a_write=0.005 / 1000,
    commit=0.1,
    source="AWS, us-east-1, on demand, Linux, list prices of June 2026: m7g.large 0.0816 an hour, S3 Standard 0.023 a "
    "GB-month, 0.005 a thousand writes",
)


@dataclass(frozen=True)
class Plan:
    """What a rate needs: `by_cpu` and `by_memory` are machines, of which the greater number is rented."""

    by_cpu: int
    by_memory: int
    open_clicks: float
    open_orders: float
    state: float
    partitions: int
    wire_a_second: float
    commit_every: float
    commits_a_second: float
    file_size: float
    lake_a_month: float
    machines_a_month: float
    storage_a_month: float
    writes_a_month: float

    @property
    def machines(self) -> int:
        return max(self.by_cpu, self.by_memory)

    @property
    def a_month(self) -> float:
        """US dollars, with a month of lake stored, without network, Kafka and support."""
        return self.machines_a_month + self.storage_a_month + self.writes_a_month


def plan(costs: Costs, cloud: Cloud, rate: float, hours_a_day: float, days_in_memory: float) -> Plan:
    """What `rate` events a second need, on `hours_a_day`, when a click stays in memory for so many days.

    Raises ValueError for a rate or times that are not above 0.
    """
    if min(rate, hours_a_day, days_in_memory) <= 0:
        raise ValueError(f"rate {rate}, hours {hours_a_day} and days {days_in_memory} must be above 0")
    daily = rate * hours_a_day * 3600
    clicks, orders = (daily * share * days_in_memory for share in (costs.click_share, costs.order_share))
    state = clicks * costs.click_state + orders * costs.order_state
    by_cpu = ceil(rate * costs.cpu / (cloud.cores * BUSY))
    by_memory = ceil(state / (cloud.memory * BUSY))
    machines = max(by_cpu, by_memory)
    # Writers of a table take turns at its log, each turn a round trip: so many of them, so long from one to its next.
    commit_every = max(1.0, machines * cloud.commit / LOG_BUSY)
    commits = TABLES * machines / commit_every
    lake = 30 * daily * (costs.landed + costs.order_share * costs.attributed)
    return Plan(
        by_cpu=by_cpu,
        by_memory=by_memory,
        open_clicks=clicks,
        open_orders=orders,
        state=state,
        partitions=machines * cloud.cores,
        wire_a_second=rate * costs.wire,
        commit_every=commit_every,
        commits_a_second=commits,
        file_size=rate * costs.landed * commit_every / machines / (TABLES - 1),
        lake_a_month=lake,
        machines_a_month=machines * cloud.an_hour * 24 * 30,
        storage_a_month=lake / 1e9 * cloud.a_gigabyte_month,
        writes_a_month=commits * 2 * hours_a_day * 3600 * 30 * cloud.a_write,  # a data file and a log entry each
    )


def breaks_first(found: Plan, cloud: Cloud) -> str:
    """What gives way as the rate rises, and what to change."""
    if found.by_memory > found.by_cpu:
        return (
            f"memory: {found.state / 1e9:,.0f} GB of clicks and orders that may still meet need {found.by_memory:,} "
            f"machines, the work itself {found.by_cpu:,}. Keep fewer days in memory (`window_days`, "
            "`lateness_days`) and let older clicks be read back from the lake, or rent machines with more memory a core"
        )
    if found.commit_every > 60:
        return (
            f"the tables' logs: {found.by_cpu:,} writers that take turns commit every {found.commit_every:,.0f} "
            "seconds each, and so late is a number. Let one committer a table take the files of many workers "
            f"(a commit of {cloud.commit:g} s then carries them all), or split tables by day"
        )
    return f"the work: {found.by_cpu:,} machines by CPU; profile a worker before you rent more"
