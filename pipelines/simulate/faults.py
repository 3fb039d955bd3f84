"""What goes wrong on the way: the share of each fault by profile, and the order in which messages arrive."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

Profile = Literal["none", "mild", "hostile"]
SECOND = 1_000_000  # microseconds
DAY = 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares are of a topic's messages, of orders where it says so; times in seconds."""

    repeated: float = 0.0  # sent again as it was
    altered: float = 0.0  # sent again with other content under the same identity
    disorder_seconds: float = 0.0  # mean delay of a message
    late: float = 0.0  # clicks and redemptions that arrive when everything else is there
    skewed: float = 0.0  # clicks whose clock is minutes off
    malformed: float = 0.0
    crawled: float = 0.0  # clicks by crawlers, half of them in one burst
    scanned: float = 0.0  # real clicks that look like a crawler's
    leaked: float = 0.005  # of orders: strangers with a code from a coupon site
    mistyped: float = 0.0  # of typed codes
    wave: float = 0.0  # of one campaign's orders: refunded on one day
    foreign_refunds: float = 0.0  # of orders: a refund that names another currency
    bought: float = 0.0  # of one influencer's followers: come on one day
    corrected: float = 0.0  # of posts: likes that the platform takes away
    addresses: float = 0.0  # of visitors: an e-mail address for an id; and of survey answers


PROFILES: dict[Profile, Faults] = {
    "none": Faults(),
    "mild": Faults(
        repeated=0.02,
        disorder_seconds=240,
        malformed=0.0005,
        crawled=0.01,
        mistyped=0.005,
        bought=0.25,
        corrected=0.02,
        addresses=0.0005,
    ),
    "hostile": Faults(
        repeated=0.05,
        altered=0.0005,
        disorder_seconds=7200,
        late=0.01,
        skewed=0.01,
        malformed=0.002,
        crawled=0.05,
        scanned=0.005,
        leaked=0.04,
        mistyped=0.03,
        wave=0.35,
        foreign_refunds=0.002,
        bought=0.4,
        corrected=0.05,
        addresses=0.003,
    ),
}


def delivered(
    rng: np.random.Generator, lines: pl.Series, occurred_at: npt.NDArray[np.int64], faults: Faults, *, may_be_late: bool
) -> tuple[pl.Series, npt.NDArray[np.int64], npt.NDArray[np.int64], dict[str, int]]:
    """The messages, their positions in order of arrival, when each of these arrives, how many of each fault that made.

    `lines` are in order of time and their instants, `occurred_at`, in microseconds. Late ones come last.
    """
    count = len(lines)
    arrives_at = occurred_at + (rng.exponential(faults.disorder_seconds * SECOND, count)).astype(np.int64)
    end = int(arrives_at.max(initial=0)) + 1
    late = rng.random(count) < (faults.late if may_be_late else 0.0)
    arrives_at[late] = end

    again = np.flatnonzero(rng.random(count) < faults.repeated)
    altered = np.flatnonzero(rng.random(count) < faults.altered)
    repeats = np.concatenate([again, altered])
    # Three in four come soon after the first; the rest when a broker's retention was replayed.
    delays = rng.exponential(600 * SECOND, len(repeats)) + (rng.random(len(repeats)) < 0.25) * DAY
    arrivals = np.concatenate([arrives_at, arrives_at[repeats] + delays.astype(np.int64)])
    arrived = np.lexsort((np.arange(len(arrivals)), arrivals))
    firsts = arrived[arrived < count]
    counts = {
        "repeated": len(again),
        "altered": len(altered),
        "late": int(late.sum()),
        "out_of_order": int(np.count_nonzero(np.diff(firsts) < 0)),
    }
    positions = np.concatenate([np.arange(count), again, count + np.arange(len(altered))])
    return pl.concat([lines, _alter(lines.gather(altered))]), positions[arrived], arrivals[arrived], counts


def _alter(lines: pl.Series) -> pl.Series:
    """The same identity with other typed fields: a later url, an order's other amount, a code, a count."""
    for pattern, other in (
        (r'"url":"https', '"url":"http'),
        (r'"subtotal":"', '"subtotal":"1'),
        (r'"refund_amount":"', '"refund_amount":"1'),
        (r'"code":"', '"code":"X'),
        (r'"impressions":', '"impressions":1'),
    ):
        lines = lines.str.replace(pattern, other)
    return lines
