"""A watch on a workspace, by a clock that the test sets."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.live.watch import Watch
from pipelines.settings import load_settings
from pipelines.stores.workspace import Workspace, config_home, hash_key


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.instant = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.instant

    def pass_by(self, **time) -> None:
        self.instant += timedelta(**time)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watching(clock):
    """`watching(root)`: a Watch that has looked once, and looks again when told to."""
    watches = []

    def watch(root, **given):
        workspace = Workspace(root)
        settings = load_settings(workspace.settings_file, {})
        watches.append(Watch(workspace, settings, lambda: hash_key(settings, config_home()), clock, **given))
        return watches[-1]

    yield watch
    for one in watches:
        one.stop()
