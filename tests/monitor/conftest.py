"""The application over a hand-made snapshot, asked without a socket."""

import pytest
from starlette.testclient import TestClient

from pipelines.failures import BadInput
from pipelines.monitor.access import Access, access_to
from pipelines.monitor.app import application
from tests.monitor.explained import explanation
from tests.monitor.snapshots import NOW, HandWatched

HERE = "http://127.0.0.1:8050"
PORT = 8050


def explain(order_id: str):
    if order_id != "o-00001":
        raise BadInput(f"there is no order {order_id} in the lake")
    return explanation()


@pytest.fixture
def watched() -> HandWatched:
    return HandWatched()


@pytest.fixture
def open_client(watched):
    """A client of the page over `watched`: `open_client(access)`."""

    def opened(access: Access | None = None, base_url: str = HERE, raises: bool = True, **options) -> TestClient:
        app = application(watched, explain, lambda: NOW, access or access_to("127.0.0.1", PORT, None), lambda: 0.0)
        return TestClient(app, base_url=base_url, raise_server_exceptions=raises, follow_redirects=False, **options)

    return opened


@pytest.fixture
def client(open_client) -> TestClient:
    return open_client()
