"""Monitor: a workspace under watch and the page that shows it, until a signal ends both."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from pipelines.live.snapshot import Snapshot
from pipelines.live.watch import Watch
from pipelines.monitor import page_metrics
from pipelines.monitor.access import access_to
from pipelines.monitor.app import application
from pipelines.monitor.receiver import receiver_of
from pipelines.monitor.serve import Place, address_of, opened, serve
from pipelines.monitor.webhook import Webhook
from pipelines.reports.explain import explain
from pipelines.settings import Settings
from pipelines.stores.workspace import Workspace
from pipelines.warehouse.erasure import TOLD


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
        with _telling(workspace, settings, now) as tell:
            watch = Watch(workspace, settings, hash_key, now, tell, page_metrics.refreshing)
            watch.start()
            try:
                app = application(watch, partial(explain, workspace, settings, hash_key), now, access, time.monotonic)
                serve(app, listener, lambda: ready(address_of(place, listener)))
            finally:
                watch.stop()


@contextmanager
def _telling(
    workspace: Workspace, settings: Settings, now: Callable[[], datetime]
) -> Iterator[Callable[[Snapshot], None]]:
    """Tells the webhook which signals each snapshot has, if one is set."""
    receiver = receiver_of(settings)
    if receiver is None:
        yield lambda _: None
        return
    told = workspace.root / "warehouse" / TOLD
    told.parent.mkdir(exist_ok=True)
    with Webhook(receiver, workspace.root.resolve().name, told, now=now, chance=random.random) as webhook:
        yield lambda snapshot: webhook.tell(snapshot.signals)
