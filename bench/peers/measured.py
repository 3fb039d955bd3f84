"""What a command and all that it starts use: seconds, CPU of every process, and the most memory at one moment.

    python -m bench.peers.measured COMMAND ...

Prints one line of JSON and ends as the command ended; what the command prints goes to stderr. Processes that
outlive their parent are adopted and waited for, so that the CPU of a JVM counts however it was started.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
import time
from contextlib import suppress

import psutil

SET_CHILD_SUBREAPER = 36  # of Linux' prctl
LOOK_SECONDS = 0.1
MIB = 1 << 20


def main(command: list[str]) -> int:
    if ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("processes cannot be adopted here: measure on Linux")
    over = threading.Event()
    peak = [0.0]
    looking = threading.Thread(target=_look, args=(peak, over))
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=sys.stderr)
    looking.start()
    code = process.wait()
    wall = time.perf_counter() - begun
    with suppress(ChildProcessError):
        while True:
            os.wait()
    over.set()
    looking.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak_mb": peak[0]}))
    return code


def _look(peak: list[float], over: threading.Event) -> None:
    """The resident memory of all descendants, added up; what processes share counts in each."""
    own = psutil.Process()
    while not over.wait(LOOK_SECONDS):
        memory = 0
        for process in own.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                memory += process.memory_info().rss
        peak[0] = max(peak[0], memory / MIB)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
