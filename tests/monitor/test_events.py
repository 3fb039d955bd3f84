"""What changes while a page is open: only that, only the newest, and an end when either side has had enough."""

import asyncio
from dataclasses import replace

import pytest

from pipelines.monitor import page_metrics
from pipelines.monitor.access import access_to
from pipelines.monitor.app import application
from pipelines.monitor.events import MOST_PAGES, changes
from pipelines.monitor.site import Site
from pipelines.monitor.view import View
from tests.monitor.conftest import PORT, explain
from tests.monitor.snapshots import DEAD, NOW, HandWatched, snapshot

ONE = View("spring")


def told(message: str) -> list[str]:
    return [line.removeprefix("event: ") for line in message.splitlines() if line.startswith("event: ")]


def data_of(message: str, name: str) -> str:
    _, _, after = message.partition(f"event: {name}\n")
    lines = after.partition("\n\n")[0].splitlines()
    return "\n".join(line.removeprefix("data: ") for line in lines)


def with_orders(number: int, orders: int):
    made = snapshot(number)
    every, spring, run = made.campaigns
    return replace(made, campaigns=(every, replace(spring, headline=replace(spring.headline, orders=orders)), run))


def opened(watched: HandWatched, view: View = ONE, seen: str = ""):
    site = Site(watched, explain, lambda: NOW)
    return site, changes(site, view, seen)


def test_a_page_that_has_seen_nothing_gets_every_part_and_then_what_changes():
    async def run():
        watched = HandWatched()
        _, stream = opened(watched)
        assert await anext(stream) == "retry: 2000\n\n"
        first = await anext(stream)
        assert set(told(first)) == {"asof", "now", "campaigns", "course", "signals", "influencers", "pacing", "honesty",
                                    "stream", "alarm", "beat"}  # fmt: skip
        waiting = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.05)
        await watched.show(with_orders(2, 4711))
        second = await waiting
        assert told(second) == ["now", "beat"]
        assert "4,711" in data_of(second, "now")

    asyncio.run(run())


def test_a_page_that_shows_the_newest_already_is_told_only_whether_it_moves():
    async def run():
        watched = HandWatched()
        site = Site(watched, explain, lambda: NOW)
        stream = changes(site, ONE, site.mark(watched.snapshot))
        await anext(stream)
        assert told(await anext(stream)) == ["stream", "alarm", "beat"]

    asyncio.run(run())


def test_what_was_seen_of_another_process_counts_for_nothing():
    async def run():
        _, stream = opened(HandWatched(), seen="1700000000.000000-1")
        await anext(stream)
        assert "now" in told(await anext(stream))

    asyncio.run(run())


def test_a_slow_page_is_told_the_newest_alone():
    async def run():
        watched = HandWatched()
        _, stream = opened(watched)
        await anext(stream)
        await anext(stream)
        for number in range(2, 50):
            await watched.show(with_orders(number, number * 1000))
        message = await anext(stream)
        assert "49,000" in data_of(message, "now")
        assert told(message) == ["now", "beat"]

    asyncio.run(run())


def test_a_stream_that_dies_is_told_though_no_number_changes(monkeypatch):
    monkeypatch.setattr("pipelines.monitor.events.BEAT", 0.01)

    async def run():
        watched = HandWatched()
        site, stream = opened(watched)
        await anext(stream)
        await anext(stream)
        assert told(await anext(stream)) == ["beat"]
        watched.state, site._standing = DEAD, None
        message = await anext(stream)
        assert told(message) == ["stream", "alarm", "beat"]
        assert DEAD.sentence in data_of(message, "alarm")

    asyncio.run(run())


def test_a_page_whose_campaign_is_gone_is_told_so_and_ends():
    async def run():
        watched = HandWatched(snapshot(campaigns=snapshot().campaigns[:1]))
        _, stream = opened(watched)
        assert [told(message) async for message in stream][1:] == [["gone"]]

    asyncio.run(run())


def test_a_site_that_stops_lets_every_page_go():
    async def run():
        site, stream = opened(HandWatched())
        await anext(stream)
        await anext(stream)
        waiting = asyncio.create_task(anext(stream, "over"))
        await asyncio.sleep(0.02)
        site.stopping.set()
        await asyncio.wait_for(waiting, 1)
        assert await anext(stream, "over") == "over"

    asyncio.run(run())


def test_fifty_pages_are_rendered_once(monkeypatch):
    async def run():
        watched = HandWatched()
        site = Site(watched, explain, lambda: NOW)
        rendered = []
        page = site.rendering.page
        monkeypatch.setattr(
            site.rendering, "page", lambda name, **values: rendered.append(name) or page(name, **values)
        )
        streams = [changes(site, ONE, "") for _ in range(50)]
        for _ in range(2):
            messages = [await anext(stream) for stream in streams]
        assert len(set(messages)) == 1
        assert len(rendered) == len(set(rendered))

    asyncio.run(run())


def test_a_fragment_of_many_lines_stays_one_event():
    async def run():
        _, stream = opened(HandWatched())
        await anext(stream)
        message = await anext(stream)
        assert all(line.startswith(("event: ", "data: ", "id: ")) for line in message.splitlines() if line)

    asyncio.run(run())


async def asked(app, path: str, query: str = "", gone_after: float = 0.2):
    """What an ASGI server would send until the client goes: the start, and the bodies."""
    sent = []

    async def receive():
        await asyncio.sleep(gone_after)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
             "headers": [(b"host", b"127.0.0.1:8050")], "client": ("127.0.0.1", 1), "scheme": "http",
             "server": ("127.0.0.1", PORT), "root_path": "", "http_version": "1.1"}  # fmt: skip
    await app(scope, receive, send)
    return sent


@pytest.fixture
def app(watched):
    return application(watched, explain, lambda: NOW, access_to("127.0.0.1", PORT, None), lambda: 0.0)


def test_a_page_that_goes_is_forgotten(app):
    async def run():
        before = page_metrics.open_pages()
        asking = asyncio.create_task(asked(app, "/events", "campaign=spring&model=linear&seen=1"))
        await asyncio.sleep(0.1)
        assert page_metrics.open_pages() == before + 1
        start, *bodies = await asyncio.wait_for(asking, 2)
        assert page_metrics.open_pages() == before
        assert dict(start["headers"])[b"content-type"].startswith(b"text/event-stream")
        assert b"event: influencers" in b"".join(body["body"] for body in bodies)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("query", "status"), [("model=x", 400), ("campaign=nowhere", 404), ("campaign=a&campaign=b", 400)]
)
def test_a_stream_of_what_there_is_not_is_refused(client, query, status):
    assert client.get(f"/events?{query}").status_code == status


def test_too_many_pages_are_told_to_wait(client, monkeypatch):
    monkeypatch.setattr(page_metrics, "_open", MOST_PAGES)
    answer = client.get("/events")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
