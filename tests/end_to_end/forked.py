"""Processes that are forked from one which has imported what they run, for the many that end within a second."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

_context = multiprocessing.get_context("forkserver")


def preload(*modules: str) -> None:
    """What the process imports that the others are forked from, before the first of them."""
    _context.set_forkserver_preload(list(modules))


class Forked:
    """`run` with these arguments in a process of its own, which may be killed; its standard error goes to a file."""

    def __init__(self, run: Callable[..., None], *arguments: str | int, said: Path, env: Mapping[str, str]) -> None:
        self._said = said
        self._process = _context.Process(target=_within, args=(dict(env), said, run, arguments))
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """As it ended, the number of the signal that killed it with a minus; None while it runs."""
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def last_words(self, timeout: float = 120) -> str:
        """What it said until its end, which is waited for. Raises TimeoutError, after killing it."""
        self._process.join(timeout)
        said = self._said.read_text(encoding="utf-8")
        if self.returncode is None:
            self._process.kill()
            raise TimeoutError(f"it did not end within {timeout} s, and said: {said}")
        return said


def _within(env: dict[str, str], said: Path, run: Callable[..., None], arguments: tuple[str | int, ...]) -> None:
    os.environ.clear()
    os.environ.update(env)
    with said.open("wb") as file, Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.__stdout__.fileno())  # type: ignore[union-attr]
        os.dup2(file.fileno(), sys.__stderr__.fileno())  # type: ignore[union-attr]
    run(*arguments)
