"""What docker-compose.yml says: its services, and the command line that each of ours runs."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
STEPS = {name: service for name, service in OURS.items() if "profiles" not in service}


def command(name: str, replaced: dict[str, str]) -> list[str]:
    """The arguments of `codetrail` in that container, with texts like `/workspace` or `kafka:9092` replaced."""
    (entrypoint,) = re.findall(r"^ENTRYPOINT (\[.+\])$", DOCKERFILE, re.MULTILINE)
    program, *given = json.loads(entrypoint)
    assert program == "codetrail"
    return [replaced.get(word, word) for word in (*given, *OURS[name]["command"])]
