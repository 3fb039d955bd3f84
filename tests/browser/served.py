"""Served: the page over a hand-made snapshot on a real port, which a test may let go on, stop and start again."""

import asyncio
import threading
import time

import uvicorn

from pipelines.live.snapshot import Snapshot
from pipelines.monitor.access import access_to
from pipelines.monitor.app import application
from tests.monitor.conftest import explain
from tests.monitor.snapshots import NOW, HandWatched

PATIENCE = 20  # seconds


class Served:
    """Answers at `address` from `start` to `stop`."""

    def __init__(self, watched: HandWatched, port: int) -> None:
        self._watched, self._port = watched, port
        self.address = f"http://127.0.0.1:{port}"

    def start(self) -> None:
        self._app = application(
            self._watched, explain, lambda: NOW, access_to("127.0.0.1", self._port, None), time.monotonic
        )
        config = uvicorn.Config(
            self._app, port=self._port, lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._server.serve(),), daemon=True)
        self._thread.start()
        ends = time.monotonic() + PATIENCE
        while not self._server.started:
            assert time.monotonic() < ends, "the page did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        """Every open page loses its connection."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._app.state.site.stopping.set)
            self._server.should_exit = True
            self._thread.join(PATIENCE)

    def show(self, newer: Snapshot) -> None:
        asyncio.run_coroutine_threadsafe(self._watched.show(newer), self._loop).result(PATIENCE)
