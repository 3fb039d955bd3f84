"""How often Python looks for garbage that names itself, which libraries that are imported, and blocks, hardly make."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

CONTAINERS = 100_000  # as many as a block makes; Python itself looks after 700


@contextmanager
def looked_for_seldom() -> Iterator[None]:
    """Within it, after every 100,000 containers more than went by themselves; afterwards as before."""
    thresholds = gc.get_threshold()
    gc.set_threshold(CONTAINERS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
