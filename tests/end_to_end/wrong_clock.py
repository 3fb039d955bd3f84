"""The command line by a clock that SIGUSR1 sets back by years.

Usage: wrong_clock.py ARGUMENTS OF CODETRAIL
"""

import signal
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime

from pipelines import cli

BACK = 3 * 365 * 86_400.0  # seconds


def main() -> None:
    given_as_ever, time_as_ever = cli.given_of, time.time

    def set_back(*_):
        time.time = lambda: time_as_ever() - BACK
        print("the clock was set back", flush=True)

    def given_by_this_clock(*arguments, **options):
        # By way of the module `time`, which the copies of this function in the stages share.
        return replace(given_as_ever(*arguments, **options), now=lambda: datetime.fromtimestamp(time.time(), UTC))

    cli.given_of = given_by_this_clock
    signal.signal(signal.SIGUSR1, set_back)
    sys.argv[0] = "codetrail"
    cli.main()


if __name__ == "__main__":
    main()
