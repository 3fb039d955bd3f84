"""Receiver: who is told of signals, how a body is signed for it, and how it is sent."""

import hmac
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from ssl import create_default_context
from urllib.parse import urlsplit

from pipelines.failures import BadInput
from pipelines.settings import LEAST_SECRET, WebhookSettings

PATIENCE = 10.0  # seconds for the receiver to take a connection, and for each piece of its answer


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where signals are sent to, and the secret that signs them. Neither is shown: a URL may be a secret, too."""

    url: str = field(repr=False)
    secret: bytes = field(repr=False)

    @property
    def host(self) -> str:
        """The part of the URL that may be shown."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def receiver_of(settings: WebhookSettings) -> Receiver | None:
    """Who these settings tell; None without a webhook_url. Raises BadInput when the secret is missing."""
    if settings.webhook_url is None:
        return None
    if settings.webhook_secret is not None:
        return Receiver(settings.webhook_url, settings.webhook_secret.get_secret_value().encode())
    if settings.webhook_secret_file is None:
        raise BadInput(
            "a webhook needs a secret to sign with: set CODETRAIL_WEBHOOK_SECRET, or name a file with "
            "webhook_secret_file"
        )
    try:
        secret = settings.webhook_secret_file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise BadInput(f"webhook_secret_file {settings.webhook_secret_file} cannot be read: {error}") from error
    if len(secret) < LEAST_SECRET:
        raise BadInput(f"webhook_secret_file {settings.webhook_secret_file}: give at least {LEAST_SECRET} random bytes")
    return Receiver(settings.webhook_url, secret)


def sign(secret: bytes, sent_at: int, body: bytes) -> str:
    """`sha256=` and the HMAC-SHA256 of the time in seconds since 1970, a point, and the body."""
    return f"sha256={hmac.digest(secret, f'{sent_at}.'.encode() + body, 'sha256').hex()}"


def post(receiver: Receiver, idempotency_key: str, body: bytes, sent_at: int) -> int:
    """Sends a signed JSON body, `sent_at` in seconds since 1970, and returns the status of the answer.

    Certificates are checked; neither a redirect nor a proxy of the environment is followed. Raises OSError or
    HTTPException when no answer came.
    """
    parts = urlsplit(receiver.url)
    connection: HTTPConnection
    if parts.scheme == "https":
        connection = HTTPSConnection(parts.netloc, timeout=PATIENCE, context=create_default_context())
    else:
        connection = HTTPConnection(parts.netloc, timeout=PATIENCE)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "codetrail",
        "Codetrail-Timestamp": str(sent_at),
        "Codetrail-Signature": sign(receiver.secret, sent_at, body),
        "Idempotency-Key": idempotency_key,
    }
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()
