"""Security: what stands before every route: method, size, host, rate and token; and the headers of every answer."""

import math
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.monitor import page_metrics
from pipelines.monitor.access import Access, without_token
from pipelines.monitor.rates import Rates

LONGEST_TARGET = 2_048  # bytes of a path and its query
OPEN_TO_ALL = frozenset({"/healthz"})  # says nothing but whether the page works
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
FRESH = "no-store"
KEPT_FILES = "no-cache"  # a file of the page is asked for by its tag: an update shows at once


@dataclass(frozen=True)
class Guard:
    """An ASGI application around another: what it lets through can only read."""

    app: ASGIApp
    access: Access
    rates: Rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await (self._refusal(scope) or self.app)(scope, receive, _guarded(scope, send))
        else:  # a websocket: there is none
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, scope: Scope) -> Response | None:
        """What a request gets that is not let through; null for one that is."""
        headers = Headers(scope=scope)
        if scope["method"] not in ("GET", "HEAD"):
            return _refused(405, "nothing can be changed here: ask with GET or HEAD", {"Allow": "GET, HEAD"})
        if len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"]) > LONGEST_TARGET:
            return _refused(414, f"an address has at most {LONGEST_TARGET} bytes; ask for less at once")
        if len(headers.getlist("host")) != 1 or not self.access.knows_host(headers["host"]):
            return _refused(
                421, "the page does not answer to this host; if it is the page's own, start it with --allowed-host"
            )
        client = scope.get("client")
        wait = self.rates.wait(client[0] if client else "")
        if wait:
            return _refused(429, "too many requests; ask again later", {"Retry-After": str(math.ceil(wait))})
        return self._without_token(scope, headers)

    def _without_token(self, scope: Scope, headers: Headers) -> Response | None:
        if self.access.token is None or scope["path"] in OPEN_TO_ALL:
            return None
        token, query = without_token(scope["query_string"].decode("latin-1"))
        if token is not None and self.access.holds_token(token):
            here = scope.get("raw_path", b"").decode("latin-1") or "/"
            away = Response(status_code=303, headers={"Location": _local(here) + (f"?{query}" if query else "")})
            away.headers.append("Set-Cookie", self.access.cookie(is_https=scope["scheme"] == "https"))
            return away
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self.access.holds_token(bearer.strip()):
            return None
        if any(self.access.holds_cookie(cookie) for cookie in headers.getlist("cookie")):
            return None
        return _refused(
            401,
            "the page wants its token: open it once with ?token=… , or send it as Authorization: Bearer …",
            {"WWW-Authenticate": "Bearer"},
        )


def _local(path: str) -> str:
    """The path as one of this host: two slashes at the beginning would name another."""
    return "/" + path.lstrip("/\\")


def _refused(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{sentence}\n", status, headers)


def _guarded(scope: Scope, send: Send) -> Send:
    """Every answer with the security headers, and counted."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers["Cache-Control"] = KEPT_FILES if scope["path"].startswith("/static/") else FRESH
            page_metrics.answered(_route(scope), message["status"])
        await send(message)

    return guarded


def _route(scope: Scope) -> str:
    endpoint = scope.get("endpoint")
    return "refused" if endpoint is None else str(getattr(endpoint, "__name__", "static"))
