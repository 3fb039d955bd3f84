"""Serve: the live page on a port, until a signal ends it."""

import asyncio
import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from pipelines.failures import BadInput

LONGEST_GOODBYE = 3  # seconds for answers that are under way when a signal comes


@dataclass(frozen=True)
class Place:
    """Where the page is to be found, and what opens it to other machines; port 0 is any that is free."""

    host: str
    port: int
    token: str | None = None
    allowed_hosts: tuple[str, ...] = ()


@contextlib.contextmanager
def opened(place: Place) -> Iterator[socket.socket]:
    """The place's port, taken but not answered yet; raises BadInput where it cannot be had."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise BadInput(f"{place.host} is no address ({error.strerror}): choose another --host") from error
    with socket.socket(family, kind) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            raise BadInput(_refusal(place, error)) from error
        yield listener


def address_of(place: Place, listener: socket.socket) -> str:
    """The page's URL."""
    host = f"[{place.host}]" if ":" in place.host else place.host
    return f"http://{host}:{listener.getsockname()[1]}/"


def serve(app: Starlette, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Answers until SIGINT or SIGTERM; what is under way may end, and open pages are let go. Calls `ready` once."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=LONGEST_GOODBYE,
    )
    asyncio.run(_Server(config, app.state.site.stopping, ready).serve([listener]))


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping, self._ready = stopping, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's, raises no signal again: an end that was asked for is no failure."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        former = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in former.items():
                signal.signal(one, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A second signal ends at once."""
        self.force_exit = self.should_exit
        super().handle_exit(sig, frame)


def _refusal(place: Place, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {place.port} of {place.host} is taken: stop what listens there, or choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {place.port} may not be opened by this user: choose one from 1024 on with --port"
    return f"{place.host} port {place.port} cannot be opened ({error.strerror}): choose another --host or --port"
