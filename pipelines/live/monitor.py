"""Monitor: a workspace under watch and the page that shows it, until a signal ends both."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

from pipelines.live.watch import Watch
from pipelines.monitor.access import access_to
from pipelines.monitor.app import application
from pipelines.monitor.serve import Place, address_of, opened, serve
from pipelines.reports.explain import explain
from pipelines.settings import Settings
from pipelines.stores.workspace import Workspace


def monitor(
    workspace: Workspace,
    settings: Settings,
    hash_key: Callable[[], bytes],
    now: Callable[[], datetime],
    place: Place,
    ready: Callable[[str], None],
) -> None:
    """Shows the workspace; calls `ready` with the page's address once it answers.

    Raises BadInput for a port that is taken, an address that strangers could reach without a token, or reference
    data that cannot be read; LakeUnavailable for a lake that cannot.
    """
    with opened(place) as listener:
        port = listener.getsockname()[1]
        access = access_to(place.host, port, place.token, place.allowed_hosts)
        watch = Watch(workspace, settings, hash_key, now)
        watch.start()
        try:
            app = application(watch, partial(explain, workspace, settings, hash_key), now, access, time.monotonic)
            serve(app, listener, lambda: ready(address_of(place, listener)))
        finally:
            watch.stop()
