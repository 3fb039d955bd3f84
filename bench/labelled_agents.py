"""Agents that others labelled as a program's or a person's, to measure on what bots are recognised by."""

import json
import re
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import yaml

FIXTURES = "device_detector/tests/fixtures/upstream/"
OF_APPS = {"podcasting", "feed_reader", "mediaplayer", "mobile_apps", "clienthints-app"}
"""Fixtures of what apps fetch by themselves: no link is opened by it."""
PEOPLES = {"browser", "mobile app", None}
"""The clients that a link can be opened in; of some devices Matomo knows no client."""
CRAWLERDETECT = "crawlerdetect==0.4.2"
USER_AGENTS = "user-agents@2.1.198"


class Labelled(NamedTuple):
    """Different agents of one source."""

    bots: list[str]
    people: list[str]


def halves(agents: Iterable[str]) -> tuple[list[str], list[str]]:
    """What marks may be chosen by, and what they are judged by: by the agent's hash, whatever set it is in."""
    found: tuple[list[str], list[str]] = ([], [])
    for agent in agents:
        found[zlib.crc32(agent.encode()) % 2].append(agent)
    return found


def matomo() -> Labelled:
    """Matomo's device-detector fixtures (LGPL-3.0-or-later), as the locked package device-detector has them."""
    bots: dict[str, None] = {}
    people: dict[str, None] = {}
    for file in metadata.files("device-detector") or []:
        if not str(file).startswith(FIXTURES) or file.suffix != ".yml" or file.stem in OF_APPS:
            continue
        for agent, client in _fixtures(Path(str(file.locate())).read_text(encoding="utf-8")):
            if file.stem == "bots":
                bots[agent] = None
            elif client in PEOPLES and agent:
                people[agent] = None
    return Labelled(list(bots), list(people))


def crawlerdetect(folder: Path) -> Labelled:
    """CrawlerDetect's fixtures (MIT) of its source package, fetched into `folder`: crawlers, and all that are none."""
    name, version = CRAWLERDETECT.split("==")
    root = f"{name}-{version}"
    if not (folder / f"{root}.tar.gz").exists():
        asked = ("--no-deps", "--no-binary", ":all:", "--dest", str(folder), CRAWLERDETECT)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", *asked], check=True)
    found = []
    with tarfile.open(folder / f"{root}.tar.gz") as package:
        for label in ("crawlers", "devices"):
            member = package.extractfile(f"{root}/tests/fixtures/user_agent/{label}.txt")
            if member is None:
                raise FileNotFoundError(f"{root}.tar.gz has no {label}.txt: look where its new version keeps it")
            lines = member.read().decode().split("\n")
            found.append(list(dict.fromkeys(line for line in lines if line.strip())))
    return Labelled(*found)


def user_agents(folder: Path) -> Labelled:
    """Ten thousand agents of browsers by how often they came, of npm's user-agents (BSD-2-Clause): people's alone."""
    name, version = USER_AGENTS.split("@")
    packed = folder / f"{name}-{version}.tgz"
    if not packed.exists():
        subprocess.run(["npm", "pack", "--silent", USER_AGENTS], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    with tarfile.open(packed) as package:
        member = package.extractfile("package/dist/user-agents.json")
        if member is None:
            raise FileNotFoundError(f"{packed.name} has no user-agents.json: look where its new version keeps it")
        return Labelled([], [row["userAgent"] for row in json.load(member)])


def _fixtures(text: str) -> Iterable[tuple[str, str | None]]:
    """Each fixture's agent and type of client; YAML of one line each, as a whole file of it takes seconds."""
    for fixture in re.split(r"^-\s", text, flags=re.MULTILINE)[1:]:
        agent = re.search(r"^ *user_agent: (.*(?:\n    .*)*)", fixture, re.MULTILINE)
        client = re.search(r"^  client:\n    type: (.*)", fixture, re.MULTILINE)
        if agent is not None:
            yield str(yaml.safe_load(agent[1]) if agent[1][:1] in "\"'>|" else agent[1]), client[1] if client else None
