"""The settings of a workspace: an option overrides the environment, which overrides `codetrail.toml`."""

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import AwareDatetime, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from pipelines import schema_store
from pipelines.failures import BadInput
from pipelines.rules.money import minor_digits
from pipelines.rules.privacy import PSEUDONYMISED

Policy = Literal["code_wins", "link_wins", "if_involved", "if_winner"]
KafkaClient = Literal["kafka-python", "confluent-kafka"]
SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
PathTransform = Literal["none", "collapse_repeats", "unique"]
SuspiciousClicks = Literal["count", "flag", "exclude"]
SharedCosts = Literal["equally", "by_cost", "by_orders", "by_impressions"]
Pseudonymise = Literal["none", "customers", "all"]
LogLevel = Literal["debug", "info", "warning", "error"]
TOPICS = frozenset(schema_store.EVENTS.values())
MICROSECOND = timedelta(microseconds=1)
SHORTEST_DAYS = 1 / 86_400  # a second
ADDRESS = r"^[^/:\s]+:[0-9]{1,5}$"  # host:port
LEAST_SECRET = 16  # bytes; fewer can be tried out
SECRETS = frozenset({"kafka_password", "monitor_token", "webhook_secret"})
SINCE_THEN = {"suspicious_clicks": "count"}
"""What decides only where it is said: lakes that were made before it was a setting keep their version."""
DECIDING = ("reporting_currency", "policy", "window_days", "path_transform", "half_life_days", "shards")


class KafkaSettings(BaseSettings):
    """How to reach the brokers, and how a live run reads from them."""

    bootstrap_servers: str | None = Field(default=None, min_length=1)
    kafka_client: KafkaClient = "kafka-python"
    kafka_client_id: str = Field(default="codetrail", min_length=1)
    kafka_group_id: str = Field(default="codetrail", min_length=1)
    kafka_security_protocol: SecurityProtocol = "PLAINTEXT"
    kafka_sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None
    kafka_password_file: Path | None = None
    kafka_ssl_cafile: Path | None = None
    kafka_ssl_certfile: Path | None = None
    kafka_ssl_keyfile: Path | None = None
    kafka_request_timeout_seconds: float = Field(default=30, ge=1, le=300)
    dead_letter_topic: str | None = Field(default=None, pattern=r"^[a-zA-Z0-9._-]{1,249}$")
    metrics_port: int | None = Field(default=None, ge=1, le=65_535)
    block_seconds: float = Field(default=0.4, gt=0, le=60)
    block_messages: int = Field(default=50_000, ge=1, le=1_000_000)


class FlinkSettings(BaseSettings):
    """Where a Flink cluster is, and how the job runs on it."""

    flink_master: str | None = Field(default=None, pattern=ADDRESS)
    flink_job_endpoint: str = Field(default="localhost:8099", pattern=ADDRESS)
    flink_worker_pool: str = Field(default="localhost:50000", pattern=ADDRESS)
    flink_parallelism: int = Field(default=1, ge=1, le=1024)
    flink_checkpoint_seconds: float = Field(default=5, ge=0.5, le=3600)
    flink_checkpoint_dir: str | None = Field(default=None, pattern=r"^[a-z0-9+.-]+:/")


class WebhookSettings(BaseSettings):
    """Who is told of the live page's signals, and the secret that signs what they are told."""

    webhook_url: str | None = None
    webhook_secret: SecretStr | None = Field(default=None, min_length=LEAST_SECRET)
    webhook_secret_file: Path | None = None

    @field_validator("webhook_url")
    @classmethod
    def _is_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("is no URL that begins with https:// or http://")
        if "@" in parts.netloc or "#" in url or re.fullmatch("[!-~]+", url) is None or parts.port == 0:
            raise ValueError("has a login, a fragment, no port, or characters that a URL must encode; leave them out")
        return url


class MonitorSettings(BaseSettings):
    """Who may look at the live page from another machine: whoever has the token."""

    monitor_token: SecretStr | None = Field(default=None, min_length=LEAST_SECRET)
    monitor_token_file: Path | None = None


class Settings(KafkaSettings, FlinkSettings, WebhookSettings, MonitorSettings):
    """What may be set in `codetrail.toml`, by CODETRAIL_<NAME>, or by an option."""

    model_config = SettingsConfigDict(env_prefix="CODETRAIL_", extra="forbid", frozen=True)

    reporting_currency: str = "USD"
    policy: Policy = "code_wins"
    window_days: float = Field(default=30, ge=SHORTEST_DAYS, le=3650)
    lateness_days: int = Field(default=7, ge=0, le=3650)
    path_transform: PathTransform = "none"
    suspicious_clicks: SuspiciousClicks = "count"
    half_life_days: float = Field(default=7, ge=SHORTEST_DAYS, le=3650)
    history_from: AwareDatetime | None = None
    shards: int = Field(default=8, ge=1, le=1024)
    shared_costs: SharedCosts = "equally"
    disorder_seconds: float = Field(default=300, ge=0)
    hash_key: SecretStr | None = None
    pseudonymise: Pseudonymise = "customers"
    log_level: LogLevel | None = None

    @field_validator("reporting_currency")
    @classmethod
    def _is_currency(cls, currency: str) -> str:
        if minor_digits(currency) is None:
            raise ValueError("is no ISO 4217 currency")
        return currency

    @field_validator("dead_letter_topic")
    @classmethod
    def _is_not_read(cls, topic: str | None) -> str | None:
        if topic in TOPICS:
            raise ValueError(f"{topic} is read: what is rejected there would be rejected again; name another topic")
        return topic

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_lower_case(cls, level: object) -> object:
        return level.lower() if isinstance(level, str) else level

    @property
    def hashed(self) -> tuple[str, ...]:
        """The fields whose ids are stored as keyed hashes."""
        return PSEUDONYMISED[self.pseudonymise]

    @property
    def window(self) -> int:
        return _micros(self.window_days)

    @property
    def lateness(self) -> int:
        return _micros(self.lateness_days)

    @property
    def half_life(self) -> int:
        return _micros(self.half_life_days)

    @property
    def disorder(self) -> int:
        return timedelta(seconds=self.disorder_seconds) // MICROSECOND

    def deciding(self) -> str:
        """The settings that decide, as canonical JSON: a lake is made with one set of them."""
        said = {name: value for name, usual in SINCE_THEN.items() if (value := getattr(self, name)) != usual}
        return json.dumps({name: getattr(self, name) for name in DECIDING} | said, sort_keys=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _TomlFile(settings_cls)


class _TomlFile(TomlConfigSettingsSource):
    """`codetrail.toml`, which people copy and commit: no place for a password."""

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        for secret in sorted(SECRETS & values.keys()):
            raise BadInput(
                f"{self.toml_file_path}: {secret} does not belong into a file that is copied about; "
                f"set CODETRAIL_{secret.upper()}, or name a file of its own with {secret}_file"
            )
        return values


def load_settings(file: Path, options: Mapping[str, Any]) -> Settings:
    """The settings of a workspace whose `codetrail.toml` is `file` (it may be absent); raises BadInput."""

    class OfWorkspace(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    given = {name: value for name, value in options.items() if value is not None}
    try:
        return OfWorkspace(**given)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} is no TOML in UTF-8: {error}") from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise BadInput(f"settings ({file}, CODETRAIL_* or an option): {'; '.join(problems)}") from error


def settings_of_version(settings: Settings, deciding: str) -> Settings:
    """The settings with those that decide as a reference version has them, in the form of `Settings.deciding`."""
    return settings.model_copy(update=SINCE_THEN | json.loads(deciding))


def _micros(days: float) -> int:
    return timedelta(days=days) // MICROSECOND
