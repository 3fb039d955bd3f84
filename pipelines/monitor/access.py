"""Access: who may look: anybody on this machine's loopback, elsewhere whoever has the token."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlencode

from pipelines.failures import BadInput
from pipelines.settings import LEAST_SECRET, MonitorSettings

COOKIE = "codetrail_monitor"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
YEAR = 365 * 86_400  # seconds


@dataclass(frozen=True)
class Access:
    """What a request must name and hold: a host among `hosts`, and the token if there is one.

    A host without a port stands for every port of it.
    """

    hosts: frozenset[str]
    token: str | None = None

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names this page: no, when another site's name was made to lead here."""
        name = host.lower()
        return name in self.hosts or _without_port(name) in self.hosts

    def holds_token(self, given: str | None) -> bool:
        """In the same time whatever is given."""
        return self.token is None or (given is not None and _same(given, self.token))

    def holds_cookie(self, header: str) -> bool:
        """Whether a Cookie header has what `cookie` has set."""
        if self.token is None:
            return True
        try:
            cookie = SimpleCookie(header).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and _same(cookie.value, self._proof())

    def cookie(self, *, is_https: bool) -> str:
        """A Set-Cookie header that stands for the token without telling it."""
        secure = "; Secure" if is_https else ""
        return f"{COOKIE}={self._proof()}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Strict{secure}"

    def _proof(self) -> str:
        return hmac.new((self.token or "").encode(), b"codetrail monitor", hashlib.sha256).hexdigest()


def token_of(settings: MonitorSettings) -> str | None:
    """The token that is set, or that stands in the file that is set; raises BadInput for one that is too short."""
    if settings.monitor_token is not None:
        return settings.monitor_token.get_secret_value()
    if settings.monitor_token_file is None:
        return None
    try:
        token = settings.monitor_token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"monitor_token_file {settings.monitor_token_file} cannot be read: {error}") from error
    if len(token) < LEAST_SECRET:
        raise BadInput(f"monitor_token_file {settings.monitor_token_file} holds fewer than {LEAST_SECRET} characters")
    return token


def access_to(host: str, port: int, token: str | None, allowed_hosts: Iterable[str] = ()) -> Access:
    """Who may look at a page that listens there; raises BadInput where strangers could look without a token."""
    if not is_loopback(host) and token is None:
        raise BadInput(
            f"{host} can be reached from other machines, and no monitor_token is set: whoever reaches it would see "
            "every number. Set CODETRAIL_MONITOR_TOKEN or monitor_token_file, or listen on 127.0.0.1"
        )
    shown = f"[{host}]" if ":" in host else host
    names = {f"{name}:{port}" for name in (*LOOPBACK_NAMES, shown.lower())}
    return Access(frozenset({*names, *(name.lower() for name in allowed_hosts)}), token)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def without_token(query: str) -> tuple[str | None, str]:
    """The token in a query, and the query without it."""
    pairs = parse_qsl(query, keep_blank_values=True)
    token = next((value for name, value in pairs if name == "token"), None)
    return token, urlencode([(name, value) for name, value in pairs if name != "token"])


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isascii() and port.isdigit() else host
