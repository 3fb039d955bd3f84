"""Logs: what a run says on standard error while it works, for a person at a terminal or as JSON lines for a program."""

import logging
import os
import sys
from collections.abc import Mapping
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Level = Literal["debug", "info", "warning", "error"]
FIRST = ("timestamp", "level", "event")
_STAMPED: list[Processor] = [structlog.processors.add_log_level, structlog.processors.TimeStamper("iso", utc=True)]


class _StandardError:
    """Standard error as it is when something is said: a terminal's status line, or a test, may stand in for it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure(level: Level, environment: Mapping[str, str]) -> None:
    """From now on: what is at least as grave as `level`, the libraries' own errors included, in one form."""
    is_terminal = sys.stderr.isatty()
    written = _words(colours=not environment.get("NO_COLOR")) if is_terminal else [_in_order, _as_json]
    structlog.configure(
        processors=[*_STAMPED, *written],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(_StandardError()),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )
    drop = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    libraries = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_STAMPED, processors=[drop, *written])
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            handler.setFormatter(libraries)


def _words(*, colours: bool) -> list[Processor]:
    # Every text as Python would quote it: what others wrote has no power over a terminal.
    return [structlog.dev.ConsoleRenderer(colors=colours, repr_native_str=True, sort_keys=False)]


def _in_order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: event[name] for name in (*FIRST, *event) if name in event}


_as_json = structlog.processors.JSONRenderer(default=str)

log = structlog.get_logger()
"""What the package's modules say things to."""

if not structlog.is_configured():
    configure("warning", os.environ)  # for who uses the package without its command line
