"""Receiving: a real HTTP server on loopback that answers a webhook as it is told to, and keeps what came."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec


@dataclass(frozen=True)
class Request:
    path: str
    headers: Message
    body: bytes

    @property
    def event(self) -> tuple[str, str]:
        told = msgspec.json.decode(self.body)
        return told["event"], told["signal"]["subject"]


@dataclass
class Receiving:
    """The server's URL, what it got, and the statuses that it answers with: the last of them from then on."""

    url: str
    statuses: Sequence[int]
    requests: list[Request] = field(default_factory=list)

    @property
    def events(self) -> list[tuple[str, str]]:
        return [request.event for request in self.requests]


@contextmanager
def receiving(*statuses: int) -> Iterator[Receiving]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.requests.append(Request(self.path, self.headers, body))
            self.send_response(got.statuses[min(len(got.requests), len(got.statuses)) - 1])
            self.send_header("Location", f"{got.url}/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        got = Receiving(f"http://127.0.0.1:{server.server_port}", statuses or (200,))
        answering = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        answering.start()
        try:
            yield got
        finally:
            server.shutdown()
            answering.join()
