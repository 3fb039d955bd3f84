"""What a listener of each security asks of the broker, and of the clients that connect to it."""

import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Security = Literal["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL"]
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
HOST = "127.0.0.1"
_LOGIN = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class Listener:
    """Where clients connect and how they show who they are.

    `certificates` is the folder that SASL_SSL's key store and certificate are made in.
    """

    port: int
    security: Security
    certificates: Path
    username: str = "codetrail"
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def certificate(self) -> Path:
        """The certificate that clients trust, as PEM."""
        return self.certificates / "broker.pem"

    def scram_credentials(self) -> list[str]:
        """What the storage is formatted with, one for each SCRAM mechanism."""
        if self.security == "PLAINTEXT":
            return []
        who = f"[name={self.username},password={self.password}]"
        return [f"{mechanism}={who}" for mechanism in MECHANISMS if mechanism.startswith("SCRAM")]

    def properties(self) -> dict[str, str]:
        """The broker's settings; for SASL_SSL the key store must have been made."""
        return {
            "inter.broker.listener.name": self.security,
            "listener.security.protocol.map": f"CONTROLLER:PLAINTEXT,{self.security}:{self.security}",
            "advertised.listeners": f"{self.security}://{self.address}",
            **(self._sasl_properties() if self.security != "PLAINTEXT" else {}),
            **(self._tls_properties() if self.security == "SASL_SSL" else {}),
        }

    def client_settings(self, mechanism: str = "PLAIN") -> dict[str, Any]:
        """What a client of kafka-python is made with."""
        settings: dict[str, Any] = {"bootstrap_servers": self.address, "security_protocol": self.security}
        if self.security != "PLAINTEXT":
            settings |= {
                "sasl_mechanism": mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        if self.security == "SASL_SSL":
            settings["ssl_cafile"] = str(self.certificate)
        return settings

    def make_certificate(self) -> None:
        """A key of its own and a certificate for this machine, never to be kept."""
        store = ["-keystore", str(self._key_store), "-storepass", self.password, "-alias", "broker"]
        new = ["-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-storetype", "PKCS12", "-validity", "30"]
        name = ["-dname", "CN=localhost", "-ext", f"SAN=dns:localhost,ip:{HOST}", "-ext", "BC=ca:true"]
        for command in (
            [*new, *name, *store],
            ["-exportcert", "-rfc", "-file", str(self.certificate), *store],
        ):
            subprocess.run(["keytool", *command], check=True, capture_output=True, text=True)

    @property
    def _key_store(self) -> Path:
        return self.certificates / "broker.p12"

    def _sasl_properties(self) -> dict[str, str]:
        here = f"listener.name.{self.security.lower()}"
        who = f'username="{self.username}" password="{self.password}"'
        plain = f'{_LOGIN}.plain.PlainLoginModule required {who} user_{self.username}="{self.password}";'
        scram = f"{_LOGIN}.scram.ScramLoginModule required {who};"
        return {
            "sasl.enabled.mechanisms": ",".join(MECHANISMS),
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            **{f"{here}.{m.lower()}.sasl.jaas.config": plain if m == "PLAIN" else scram for m in MECHANISMS},
        }

    def _tls_properties(self) -> dict[str, str]:
        return {
            "ssl.keystore.type": "PKCS12",
            "ssl.keystore.location": str(self._key_store),
            "ssl.keystore.password": self.password,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.certificate),
        }
