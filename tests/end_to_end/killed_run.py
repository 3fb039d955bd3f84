"""A real `codetrail run` in small blocks that SIGKILLs itself at one of its commits.

`main` is told the workspace, the moment, a table and a number, where the moment is one of
  before, after   the NUMBER-th commit to the table, counted from 0
  during          it: some milliseconds after it began
  file            when its data file is there and nothing of its log entry
  staged          when its log entry is written and not there for readers
  linked          when its log entry is there and not tidied up
  create          before the NUMBER-th table is created
  finish          when all is attributed and nothing says so yet
  never           not at all; prints the table of each commit, one a line
"""

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path

from pipelines import cli
from pipelines.jobs import begin, drain
from pipelines.stages import commit, gather
from pipelines.stores import lake, table_log

BLOCK_MESSAGES = 1_500
ORDERS_A_COMMIT = 300
MILLISECONDS = (0, 1, 2, 3, 4, 6)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(workspace: str, moment: str, place: str, number: int) -> None:
    """For a process of its own: it changes what is called."""
    drain.drain_topics = partial(drain.drain_topics, block_messages=BLOCK_MESSAGES)
    commit.FLUSH_ROWS = ORDERS_A_COMMIT
    gather.MESSAGES_A_COMMIT = 1
    commit_as_ever, create_as_ever = lake.Lake._commit, lake.DeltaTable.create
    log_as_ever, link_as_ever = table_log.TableLog.commit, Path.hardlink_to
    commits, created = [], []
    here = False

    def at(reached, dies=die):
        if here and moment == reached:
            dies()

    def commit_and_die(self, log, table, *rest):
        nonlocal here
        here = (table, commits.count(table)) == (place, number)
        commits.append(table)
        at("before")
        at("during", threading.Timer(MILLISECONDS[number % len(MILLISECONDS)] / 1000, die).start)
        commit_as_ever(self, log, table, *rest)
        at("after")

    def log_and_die(self, *given):
        at("file")
        log_as_ever(self, *given)

    def link_and_die(self, target):
        at("staged")
        link_as_ever(self, target)
        at("linked")

    def create_and_die(*given, **named):
        if moment == "create" and len(created) == number:
            die()
        created.append(given)
        return create_as_ever(*given, **named)

    if moment == "finish":
        begin.finish = lambda *_: die()
    lake.Lake._commit = commit_and_die
    table_log.TableLog.commit = log_and_die
    Path.hardlink_to = link_and_die
    lake.DeltaTable.create = create_and_die
    sys.argv = ["codetrail", "--workspace", workspace, "run", "--json"]
    try:
        cli.main()
    finally:
        if moment == "never":
            sys.stderr.write("\n".join(commits))
