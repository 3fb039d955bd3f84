"""`codetrail monitor` as a user starts it: says where it is, answers, streams, and ends cleanly when told to."""

import json
import os
import signal
import socket
import subprocess
import urllib.request
from urllib.error import HTTPError

import pytest

from tests.conftest import COMMAND

TOKEN = "a token of more than sixteen characters"
PATIENCE = 60  # seconds


@pytest.fixture
def start(readme_shop):
    """Starts the page on a free port: `start()` → the process and its URL."""
    started = []

    def begin(*arguments, **env) -> tuple[subprocess.Popen[str], str]:
        command = [COMMAND, "--workspace", readme_shop.root, "monitor", "--port", "0", "--json", *arguments]
        process = subprocess.Popen(
            command, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("}"):
                return process, json.loads(said)["url"].rstrip("/")
        raise AssertionError(f"it ended with {process.wait()}: {process.stderr.read()}")

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def get(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        return refused.code, refused.read().decode()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_streams_and_ends_cleanly_though_a_page_is_open(start, ending):
    process, url = start()
    assert get(url)[0] == 200
    assert get(f"{url}/healthz") == (200, "ok\n")
    counted = json.loads(get(f"{url}/api/honesty")[1])["honesty"]["sums"]
    assert counted
    with urllib.request.urlopen(f"{url}/events", timeout=PATIENCE) as stream:
        assert stream.readline() == b"retry: 2000\n"
        process.send_signal(ending)
        assert process.wait(timeout=PATIENCE) == 0
        rest = stream.read()
    assert b"event: influencers" in rest
    assert process.stderr.read() == ""


def test_every_order_of_the_list_is_explained(start):
    _, url = start()
    orders = json.loads(get(f"{url}/api/orders")[1])
    assert orders["total"] == len(orders["rows"]) > 0
    for row in orders["rows"][:5]:
        told = json.loads(get(f"{url}/api/orders/{row['order_id']}")[1])
        assert told["net"] == row["net"]
        assert get(f"{url}/orders/{row['order_id']}")[0] == 200


def test_with_a_token_only_who_has_it_sees_anything(start):
    _, url = start("--allowed-host", "page.example", CODETRAIL_MONITOR_TOKEN=TOKEN)
    assert get(url)[0] == 401
    assert get(url, Authorization=f"Bearer {TOKEN}")[0] == 200
    assert get(url, Authorization=f"Bearer {TOKEN}", Host="page.example")[0] == 200
    assert get(url, Authorization=f"Bearer {TOKEN}", Host="evil.example")[0] == 421


def test_a_port_that_is_taken_is_named(codetrail_here, readme_shop):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = codetrail_here("--workspace", readme_shop.root, "monitor", "--port", port)
    assert ended.code == 2
    assert f"port {port} of 127.0.0.1 is taken" in ended.err


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("0.0.0.0", "no monitor_token is set"),
        ("no.such.host.invalid", "is no address"),
        ("192.0.2.1", "choose another"),
    ],
)
def test_a_host_that_cannot_be_served_is_refused(codetrail_here, readme_shop, host, words):
    ended = codetrail_here("--workspace", readme_shop.root, "monitor", "--host", host, "--port", "0")
    assert ended.code == 2
    assert words in ended.err
