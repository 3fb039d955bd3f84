"""What a command prints: words and tables for a person, or one JSON document for a program."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType

from pipelines.reports.shown import as_json

WIDTH_WITHOUT_TERMINAL = 100


class Output:
    """Results go to standard output; progress only to a terminal, and never beside JSON."""

    def __init__(self, as_json: bool = False) -> None:
        self._as_json = as_json
        width = None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL
        self._console = Console(width=width, highlight=False, soft_wrap=False)
        self._errors = Console(stderr=True, highlight=False)

    def result(self, document: Any, *renderings: RenderableType) -> None:
        """The command's one result: `document` as JSON, or its renderings in order."""
        if self._as_json:
            sys.stdout.write(as_json(document) + "\n")
        else:
            for rendering in renderings:
                self._console.print(rendering)
        sys.stdout.flush()  # a command that goes on for hours, such as the page, has told where it is

    def say(self, *renderings: RenderableType) -> None:
        """Something on the way, for a person alone."""
        if not self._as_json:
            for rendering in renderings:
                self._console.print(rendering)

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Shows on a terminal that `what` is under way."""
        if self._as_json or not self._errors.is_terminal:
            yield
            return
        with self._errors.status(what):
            yield
