"""What docker-compose.yml says: its services, and each one's command and environment as a process of this machine."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
STEPS = {name: service for name, service in OURS.items() if service.get("profiles") == ["files"]}
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "dashboards" / "codetrail.json").read_text("utf-8"))


def command(name: str, replaced: Mapping[str, str]) -> list[str]:
    """The arguments of `codetrail` in that container, with texts like `/workspace` or `kafka:9092` replaced."""
    (entrypoint,) = re.findall(r"^ENTRYPOINT (\[.+\])$", DOCKERFILE, re.MULTILINE)
    program, *given = json.loads(entrypoint)
    assert program == "codetrail"
    return [with_replaced(word, replaced) for word in (*given, *OURS[name]["command"])]


def environment(name: str, replaced: Mapping[str, str]) -> dict[str, str]:
    """What the image and the service set, with the same texts replaced."""
    (of_image,) = re.findall(r"^ENV (.+)$", DOCKERFILE, re.MULTILINE)
    image = dict(pair.split("=", 1) for pair in of_image.split())
    return {key: with_replaced(value, replaced) for key, value in (image | OURS[name].get("environment", {})).items()}


def health_check(name: str, replaced: Mapping[str, str]) -> list[str]:
    """The program that says by exit code 0 that the service is well."""
    how, *words = SERVICES[name]["healthcheck"]["test"]
    assert how == "CMD"
    return [with_replaced(word, replaced) for word in words]


def with_replaced(text: str, replaced: Mapping[str, str]) -> str:
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text.replace("$$", "$")


def expressions() -> list[str]:
    """Every query of the dashboard and every condition of an alert."""
    rules = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))["groups"]
    alerts = [rule["expr"] for group in rules for rule in group["rules"]]
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])] + alerts
