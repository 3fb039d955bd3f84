"""Restarts: an endless run goes on by itself when something outside fails, and ends cleanly when it is told to."""

import os
import signal
import threading
import time
from collections.abc import Callable

from pipelines import metrics
from pipelines.failures import BadInput, CheckFailed, CodetrailError, KafkaRefused, OffsetGone, Superseded
from pipelines.jobs.beat import Heart
from pipelines.jobs.begin import Ran
from pipelines.jobs.reference_watch import ReferenceChanged
from pipelines.logs import log
from pipelines.stages.stream import STOPPING

FINAL = (BadInput, CheckFailed, Superseded, OffsetGone, KafkaRefused)  # waiting heals none of these
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0  # seconds
STEADY = 60.0  # a run that lasted this long begins with the first wait again
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def until_stopped(run: Callable[[], Ran], heart: Heart) -> Ran | None:
    """Runs, and again after each failure that may heal or changed reference data; None if stopped in between.

    SIGTERM and Ctrl-C end the streams: what is in flight is committed first; a second one ends the process at once.
    `heart` beats meanwhile. Raises what does not heal: bad input, a lake that another run has taken over, messages
    that are gone, a login that is refused.
    """
    stop = threading.Event()

    def on_signal(number: int, _frame: object) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()
        STOPPING.set()

    before = {number: signal.signal(number, on_signal) for number in SIGNALS}
    STOPPING.clear()
    wait = FIRST_WAIT
    try:
        with heart:
            while not stop.is_set():
                began = time.monotonic()
                try:
                    heart.goes_on()
                    return run()
                except ReferenceChanged:
                    STOPPING.clear()  # whoever was told to stop meanwhile has said so to `stop` first
                except FINAL as failure:
                    metrics.run_failed(type(failure).__name__)
                    if isinstance(failure, Superseded):
                        log.warning("run superseded", why=str(failure))
                    raise
                except CodetrailError as failure:
                    reason = type(failure).__name__
                    wait = FIRST_WAIT if time.monotonic() - began > STEADY else min(2 * wait, LONGEST_WAIT)
                    metrics.run_failed(reason)
                    heart.waits(reason)
                    log.warning("run failed, goes on soon", failure=reason, why=str(failure), seconds=wait)
                    stop.wait(wait)
            log.info("run stopped before it began again")
            return None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
