"""A small hostile world, drained once, with a few orders written by hand; tests read it and change nothing."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from pipelines.jobs import begin
from pipelines.jobs.drain import drain_topics
from pipelines.settings import Settings, load_settings
from pipelines.simulate.world import Simulated, simulate
from pipelines.stores.workspace import Workspace

HASH_KEY = b"a key for tests, not a secret"
UNTIL = datetime(2026, 6, 30, tzinfo=UTC)
FIRST_RUN = datetime(2026, 7, 1, tzinfo=UTC)
SECOND_RUN = datetime(2026, 7, 2, tzinfo=UTC)
HOSTILE_CODE = "\x1b[31mEVIL[bold red]\u202e\x9b2J"
HOSTILE_BYTES = b'{"event_id": "x\x1b]0;owned\x07", "order_id": "HAND-BROKEN", "note": "[blink]no[/blink]\xff"}'


def placed(order_id: str, occurred_at: str, subtotal: str, **more) -> dict:
    amounts = {"currency": "USD", "subtotal": subtotal}
    event = {"event_id": f"{order_id}-placed", "order_id": order_id, "kind": "placed", "occurred_at": occurred_at}
    return event | amounts | more


def refunded(order_id: str, occurred_at: str, amount: str, **more) -> dict:
    event = {"event_id": f"{order_id}-{amount}", "order_id": order_id, "kind": "refunded", "occurred_at": occurred_at}
    return event | {"refund_amount": amount} | more


FIRST = {
    "clicks": [
        {
            "event_id": "ended-click",
            "occurred_at": "2026-05-01T10:00:00Z",
            "visitor_id": "hand-1",
            "url": "https://shop.example/",
            "link_id": "lnk-ended",
            "made_up_field": "counted, not stored",
        },
    ],
    "orders": [
        placed("HAND-1", "2026-05-02T10:00:00Z", "100.00", discount="10.00", visitor_id="hand-1", codes=[HOSTILE_CODE]),
        placed("HAND-2", "2026-05-02T11:00:00Z", "10.00"),
        placed("buyer@shop.example-7", "2026-05-02T12:00:00Z", "7.00"),
        refunded("HAND-NO-PLACED", "2026-05-03T10:00:00Z", "5.00"),
    ],
    "redemptions": [
        {"event_id": "r-1", "occurred_at": "2026-05-02T10:00:00Z", "code": "X", "order_id": "HAND-ONLY-CODE"},
    ],
}
SECOND = {
    "orders": [
        refunded("HAND-1", "2026-05-04T10:00:00Z", "25.50"),
        refunded("HAND-2", "2026-05-04T10:00:00Z", "30.00"),
        refunded("HAND-2", "2026-05-05T10:00:00Z", "1.00", currency="JPY"),
    ],
}


@dataclass(frozen=True)
class World:
    """A drained workspace, and what its simulation said that it had put in."""

    workspace: Workspace
    settings: Settings
    simulated: Simulated

    @staticmethod
    def key() -> bytes:
        return HASH_KEY

    def drain(self, now: datetime) -> None:
        tokens = count()
        drain_topics(begin.World(self.workspace, self.settings, HASH_KEY, lambda: now, lambda: f"token-{next(tokens)}"))


def append(topics: Path, messages: dict[str, list[dict]]) -> None:
    for topic, events in messages.items():
        with (topics / f"{topic}.ndjson").open("a") as file:
            file.writelines(json.dumps(event) + "\n" for event in events)


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> World:
    root = tmp_path_factory.mktemp("reports") / "world"
    simulated = simulate(root, seed=7, orders=300, faults="hostile", until=UNTIL)
    _add_ended_link(root / "reference" / "links.csv")
    made = World(Workspace(root), load_settings(root / "codetrail.toml", {}), simulated)
    append(root / "topics", FIRST)
    with (root / "topics" / "orders.ndjson").open("ab") as file:
        file.write(HOSTILE_BYTES + b"\n")
    made.drain(FIRST_RUN)
    append(root / "topics", SECOND)
    made.drain(SECOND_RUN)
    return made


def _add_ended_link(links: Path) -> None:
    header, first, *_ = links.read_text().splitlines()
    names = header.split(",")
    owner = dict(zip(names, first.split(","), strict=True))
    ended = {"link_id": "lnk-ended", "valid_to": "2026-04-01T00:00:00Z"}
    row = ended | {name: owner[name] for name in ("influencer_id", "campaign_id")}
    with links.open("a") as file:
        file.write(",".join(row.get(name, "") for name in names) + "\n")


@pytest.fixture
def printed() -> Callable[[RenderableType], str]:
    """What a terminal of 100 columns would get, without colours."""

    def to_text(page: RenderableType) -> str:
        console = Console(width=100, color_system=None, force_terminal=False)
        with console.capture() as capture:
            console.print(page)
        return capture.get()

    return to_text


@pytest.fixture
def unharmed():
    """Fails if a text would command a terminal or turn its direction; line ends are all that may not print."""

    def require(text: str) -> None:
        assert [c for c in text if not c.isprintable() and c != "\n"] == []

    return require
