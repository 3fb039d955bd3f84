"""A server for pages that a test makes up: bodies and streams of events by path, and the headers of them all."""

import mimetypes
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread


class Site:
    """Serves `bodies` (text, or a file) and `streams` (server-sent events, then silence) by path until it is left."""

    def __init__(self) -> None:
        self.bodies: dict[str, str | Path] = {}
        self.streams: dict[str, list[str]] = {}
        self.headers: dict[str, str] = {}
        self.closed = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Site":
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, site: Site, *request) -> None:
        self._site = site
        super().__init__(*request)

    def do_GET(self) -> None:
        if self.path in self._site.streams:
            self._begin(200, "text/event-stream")
            self.wfile.write("".join(f"{event}\n\n" for event in self._site.streams[self.path]).encode())
            self.wfile.flush()
            self._site.closed.wait()
            return
        body = self._site.bodies.get(self.path)
        self._begin(404 if body is None else 200, mimetypes.guess_type(self.path)[0] or "text/html; charset=utf-8")
        self.wfile.write(body.read_bytes() if isinstance(body, Path) else (body or "").encode())

    def _begin(self, status: int, kind: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Connection": "close", **self._site.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """A test that fails shows what the page said; the server's lines would bury it."""
