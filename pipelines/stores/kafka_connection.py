"""How the brokers are reached: addresses, login and encryption, and what to tell the user when they are not."""

import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from kafka.errors import (
    AuthorizationError,
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)
from kafka.net.compat import KafkaNetClient
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

from pipelines.failures import BadInput, KafkaRefused, KafkaUnavailable
from pipelines.settings import KafkaClient, Settings

T = TypeVar("T")
PASSWORD = "CODETRAIL_KAFKA_PASSWORD"  # noqa: S105 -- the name of the variable, not what it holds
REFUSED = (SaslAuthenticationFailedError, UnsupportedSaslMechanismError)
LONGEST_BACKOFF_MS = 1000  # a broker that is back is found within about a second

# While a broker is away the client writes several lines a second, and with DEBUG its password:
# what matters reaches the user as a failure or as the seconds without a broker.
logging.getLogger("kafka").setLevel(logging.CRITICAL)
IMPATIENT_SECONDS = 3.0


@dataclass(frozen=True)
class Connection:
    """How to reach the brokers. It holds no secret: the password is read where it is used."""

    bootstrap_servers: str
    client: KafkaClient = "kafka-python"
    client_id: str = "codetrail"
    group_id: str = "codetrail"
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "SCRAM-SHA-512"
    username: str | None = None
    password_file: Path | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    request_timeout_seconds: float = 30

    @property
    def impatient(self) -> "Connection":
        """For a question that is asked again, or not worth waiting for when brokers are away."""
        return replace(self, request_timeout_seconds=min(IMPATIENT_SECONDS, self.request_timeout_seconds))

    @property
    def logs_in(self) -> bool:
        return self.security_protocol.startswith("SASL")

    def password(self) -> str:
        """The password, from the environment or else from its file; raises BadInput if neither holds one."""
        if given := os.environ.get(PASSWORD):
            return given
        if self.password_file is None:
            raise BadInput(
                f"{self.security_protocol} needs a password: set {PASSWORD}, or name a file with kafka_password_file"
            )
        try:
            return self.password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"kafka_password_file {self.password_file} cannot be read: {error}") from error

    def options(self) -> dict[str, Any]:
        """The keyword arguments of every client of kafka-python, the password among them."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers.split(","),
            "client_id": self.client_id,
            "security_protocol": self.security_protocol,
            "request_timeout_ms": int(self.request_timeout_seconds * 1000),
            "reconnect_backoff_max_ms": LONGEST_BACKOFF_MS,
        }
        for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
            if file := getattr(self, name):
                options[name] = str(file)
        if self.logs_in:
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password()
        return options


def connection_of(settings: Settings) -> Connection:
    """How these settings reach the brokers; raises BadInput when something is missing."""
    if settings.bootstrap_servers is None:
        raise BadInput(
            "no brokers are named: set bootstrap_servers in codetrail.toml, or CODETRAIL_BOOTSTRAP_SERVERS, "
            "to host:port[,host:port]"
        )
    connection = Connection(
        bootstrap_servers=settings.bootstrap_servers,
        client=settings.kafka_client,
        client_id=settings.kafka_client_id,
        group_id=settings.kafka_group_id,
        security_protocol=settings.kafka_security_protocol,
        sasl_mechanism=settings.kafka_sasl_mechanism,
        username=settings.kafka_username,
        password_file=settings.kafka_password_file,
        ssl_cafile=settings.kafka_ssl_cafile,
        ssl_certfile=settings.kafka_ssl_certfile,
        ssl_keyfile=settings.kafka_ssl_keyfile,
        request_timeout_seconds=settings.kafka_request_timeout_seconds,
    )
    for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
        file = getattr(connection, name)
        if file is not None and not file.is_file():
            raise BadInput(f"kafka_{name}: there is no file {file}")
    if connection.logs_in:
        if not connection.username:
            raise BadInput(f"{connection.security_protocol} needs a login: set kafka_username")
        connection.password()
    return connection


class Connections(KafkaConnectionManager):  # type: ignore[misc]
    """The client's connections, which remember why the last one failed and stop at a refused login.

    kafka-python 3.0 only logs why, if it has read that at all, and tries a wrong password again until its
    time is up. It also drops `allow_auto_create_topics`, so that asking for a topic would make it.
    """

    def __init__(self, net: NetworkSelector, **options: Any) -> None:
        super().__init__(net, **options)
        self.cluster.config["allow_auto_create_topics"] = False
        self.failure: Exception | None = None

    def get_connection(self, *place: Any, **options: Any) -> Any:
        if isinstance(self.failure, REFUSED):
            raise self.failure
        connection = super().get_connection(*place, **options)
        if not connection.init_future.is_done:
            connection.init_future.add_errback(self._remember)
        return connection

    async def _build_transport(self, *place: Any, **options: Any) -> Any:
        """Lets the brokers finish: what comes together with their hanging up, such as why, would be dropped."""
        transport = await super()._build_transport(*place, **options)
        receive = transport._sock_recv  # noqa: SLF001

        def receive_all() -> tuple[bytes, Exception | None]:
            data, error = receive()
            return data, None if data else error

        transport._sock_recv = receive_all  # noqa: SLF001
        return transport

    def _remember(self, error: Exception) -> None:
        if not isinstance(self.failure, REFUSED):
            self.failure = error

    @property
    def connected(self) -> bool:
        return bool(self.least_used_connections())


def open_client(connection: Connection, kind: Callable[..., T], **options: Any) -> tuple[T, Connections]:
    """A consumer, producer or admin client of kafka-python, and its connections.

    It never has a topic made by asking for it. Raises KafkaUnavailable, and leaves no thread behind then.
    """
    made: list[Connections] = []

    def client(**configs: Any) -> KafkaNetClient:
        net = NetworkSelector(**configs)
        made.append(Connections(net, **configs))
        opened = KafkaNetClient(net, made[0])
        on_failure.callback(opened.close)
        return opened

    with ExitStack() as on_failure:
        try:
            opened = kind(kafka_client=client, **connection.options(), **options)
        except KafkaError as error:
            raise unavailable(connection, error, made[0].failure if made else None) from error
        on_failure.pop_all()
        return opened, made[0]


def unavailable(connection: Connection, error: Exception, cause: Exception | None = None) -> KafkaUnavailable:
    """What to tell the user of `error`, and of the failed connection that may have caused it."""
    where = connection.bootstrap_servers
    if refusal := next((e for e in (error, cause) if isinstance(e, REFUSED)), None):
        return KafkaRefused(
            f"{where} refused the login of {connection.username!r} by {connection.sasl_mechanism} ({refusal}): "
            f"check kafka_username, kafka_sasl_mechanism, and {PASSWORD} or kafka_password_file"
        )
    if isinstance(error, AuthorizationError):
        return KafkaRefused(f"{where} does not permit this to {connection.username!r}: {error}; grant it there")
    if isinstance(error, KafkaTimeoutError):
        reason = f" ({cause})" if cause else ""
        return KafkaUnavailable(
            f"no broker of {where} answered within {connection.request_timeout_seconds:g} s{reason}: "
            "start one, or correct bootstrap_servers and kafka_security_protocol"
        )
    return KafkaUnavailable(f"{where}: {error}; look into the broker's log and run again")
