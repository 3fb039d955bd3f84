"""How well bots are known: recall and false positives on agents that no shipped list has, by halves.

    .venv/bin/python bench/bots.py [--folder DIR] [--show]

The marks of `rules.agents` were chosen by the first half of each set alone; the second half judges them. `--show` lists
what the first half has wrong. Sets that no locked package brings are fetched into the folder by pip and npm.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from labelled_agents import CRAWLERDETECT, USER_AGENTS, Labelled, crawlerdetect, halves, matomo, user_agents
from rich.console import Console
from rich.table import Table

from pipelines.rules.agents import is_programs_agent
from pipelines.rules.fraud import is_bot_agent, is_listed

HALVES = ("to choose by", "to judge by")


def main() -> None:
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="codetrail-bots-") as folder:
        sets = _sets(asked.folder or Path(folder))
    table = Table("set", "half", "bots", "recall", "people", "false positives", title="Agents in no list")
    for name, labelled in sets.items():
        bots, people = (halves(_unlisted(agents)) for agents in labelled)
        for half, of_bots, of_people in zip(HALVES, bots, people, strict=True):
            found = sum(map(is_programs_agent, of_bots))
            wrong = sum(map(is_programs_agent, of_people))
            table.add_row(
                name, half, str(len(of_bots)), _share(found, of_bots), str(len(of_people)), _of(wrong, of_people)
            )
        if asked.show:
            _show(name, bots[0], people[0])
    Console(width=120).print(table)
    Console(width=120).print(_with_lists(sets), _cost(sets))


def _sets(folder: Path) -> dict[str, Labelled]:
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "Matomo's device-detector": matomo(),
        USER_AGENTS: user_agents(folder),
        CRAWLERDETECT: crawlerdetect(folder),
    }


def _unlisted(agents: Iterable[str]) -> list[str]:
    return [agent for agent in agents if not is_listed(agent)]


def _with_lists(sets: dict[str, Labelled]) -> Table:
    table = Table("set", "bots", "by lists alone", "with marks", "people", "false positives", title="All agents")
    for name, (bots, people) in sets.items():
        by_lists, found = sum(map(is_listed, bots)), sum(map(is_bot_agent, bots))
        wrong = sum(map(is_bot_agent, people))
        shares = (_share(by_lists, bots), _share(found, bots), str(len(people)), _of(wrong, people))
        table.add_row(name, str(len(bots)), *shares)
    return table


def _cost(sets: dict[str, Labelled]) -> str:
    agents = sets["Matomo's device-detector"].people
    return f"An agent that is new to the job takes {_micros(is_listed, agents):.0f} µs for the lists and " + (
        f"{_micros(is_programs_agent, agents):.0f} µs for the marks; then it is remembered."
    )


def _micros(rule: Callable[[str], bool], agents: list[str]) -> float:
    before = time.process_time()
    for agent in agents:
        rule(agent)
    return (time.process_time() - before) / len(agents) * 1e6


def _show(name: str, bots: list[str], people: list[str]) -> None:
    for agent in bots:
        if not is_programs_agent(agent):
            Console().print(f"{name}: missed: {agent}", markup=False)
    for agent in people:
        if is_programs_agent(agent):
            Console().print(f"{name}: wrong: {agent}", markup=False)


def _share(part: int, whole: list[str]) -> str:
    return f"{part / len(whole):.1%}" if whole else "-"


def _of(part: int, whole: list[str]) -> str:
    return f"{part} ({part / len(whole):.3%})" if whole else "-"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where fetched packages are kept")
    parser.add_argument("--show", action="store_true", help="list what the first half has wrong")
    return parser.parse_args()


if __name__ == "__main__":
    main()
