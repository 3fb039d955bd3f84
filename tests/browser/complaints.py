"""What a page complains of while a test looks at it: errors, dialogs, lost requests, and requests to other hosts."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request


class Complaints:
    """Hears every page of the contexts that it is given; `check` fails if anything was said that no test expects."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._expected: list[str] = []

    def expect(self, pattern: str) -> None:
        """From the beginning to the end of the test a complaint in which `pattern` is found is no failure."""
        self._expected.append(pattern)

    def unexpected(self) -> list[str]:
        return [said for said in self.heard if not any(re.search(pattern, said) for pattern in self._expected)]

    def check(self) -> None:
        assert not self.unexpected(), "\n".join(["the page complained:", *self.unexpected()])

    def listen(self, context: BrowserContext) -> None:
        context.on("page", self._listen_to)

    def _listen_to(self, page: Page) -> None:
        own: list[str] = []  # the host that the page itself is from: its first request is for itself

        def asked(url: str) -> None:
            host = urlsplit(url).netloc  # none of data: and blob:
            if host and host not in own:
                self._hear("another host", url) if own else own.append(host)

        page.on("request", lambda request: asked(request.url))
        page.on("websocket", lambda socket: asked(socket.url))
        page.on("requestfailed", self._lost)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._hear("error", error))
        page.on("crash", lambda _: self._hear("crash", page.url))
        page.on("dialog", lambda dialog: (self._hear("dialog", dialog.message), dialog.dismiss()))

    def _lost(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # given up by the browser itself: another page, a download
            self._hear("lost", f"{request.url} ({request.failure})")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            self._hear(f"console {message.type}", f"{message.text} ({message.location['url']})")

    def _hear(self, kind: str, what: object) -> None:
        self.heard.append(f"{kind}: {what}")
