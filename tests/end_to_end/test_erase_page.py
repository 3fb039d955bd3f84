"""A live page that is open while a person is erased: it answers all the while, and then names them no more."""

import json
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from urllib.error import HTTPError
from urllib.parse import unquote

import pytest

from tests.conftest import COMMAND
from tests.jobs.planted import CUSTOMER, LINK, OTHER_WORDS, PERSON, VISITOR, click, plant

PATIENCE = 60  # seconds
FORGOTTEN = 15  # seconds after which the page names them no more
UNKNOWN = LINK.replace("utm_source=ig", "utm_source=WilmaPhone-card").replace("utm_campaign=spring", "x=y")
ASKED = (
    "/",
    "/orders",
    "/orders/order-1",
    "/api/snapshot",
    "/api/signals",
    "/api/orders",
    "/api/orders/order-1",
    "/api/orders/order-6",
    "/api/honesty",
    "/downloads/orders.csv",
    "/healthz",
    "/metrics",
)


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        return refused.code, refused.read().decode()


def shown(page):
    """All that the page says of people and clicks, as one text."""
    answers = {path: get(f"{page}{path}") for path in ASKED}
    assert {path: status for path, (status, _) in answers.items() if status != 200} == {}
    return unquote("\n".join(text for _, text in answers.values())).casefold()


def named(page):
    text = shown(page)
    return {word for word in (*PERSON, VISITOR) if word.casefold() in text}


def clicks_of(page):
    campaigns = json.loads(get(f"{page}/api/snapshot")[1])["campaigns"]
    return {
        (campaign["campaign_id"], row["influencer_id"]): (row["clicks"], row["valid_clicks"], row["orders"])
        for campaign in campaigns
        for row in campaign["influencers"]["policy"]
    }


class Asking(threading.Thread):
    """Asks for every page again and again until it is told to stop, and remembers how each was answered."""

    def __init__(self, page):
        super().__init__(daemon=True)
        self.page, self.over, self.answers, self.rounds = page, threading.Event(), Counter(), 0

    def run(self):
        while not self.over.is_set():
            for path in ASKED:
                self.answers[path, get(f"{self.page}{path}")[0]] += 1
            self.rounds += 1
            self.over.wait(0.5)  # the page bears no more than so many requests of one asker

    def next_round(self):
        since, until = self.rounds, time.monotonic() + PATIENCE
        while self.rounds < since + 2:  # one that began after this
            assert self.is_alive()
            assert time.monotonic() < until
            time.sleep(0.05)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join(PATIENCE)


@pytest.fixture
def shop(codetrail_here, tmp_path):
    """The planted world, in which the person has clicked through a link of their own that nobody knows."""
    root = tmp_path / "shop"
    plant(root)
    with (root / "topics" / "clicks.ndjson").open("ab") as file:
        for number in range(20, 32):
            file.write(b"\n" + json.dumps(click(number, VISITOR, UNKNOWN)).encode())
    ended = codetrail_here("--workspace", root, "run")
    assert ended.code == 0, ended.err
    return root


@pytest.fixture
def page(shop):
    command = [COMMAND, "--workspace", shop, "monitor", "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("}"):
            break
    yield json.loads(said)["url"].rstrip("/")
    process.terminate()
    _, complaints = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaints) == (0, "")


def test_an_open_page_goes_on_and_forgets_whom_it_showed(shop, page, codetrail_here):
    assert {CUSTOMER.casefold(), "wilmaphone"} <= {word.casefold() for word in named(page)}
    before = clicks_of(page)
    also = [option for word in OTHER_WORDS for option in ("--also", word)]
    with Asking(page) as asking:
        asking.next_round()
        ended = codetrail_here("--workspace", shop, "erase", "--customer", CUSTOMER, *also, "--yes")
        assert ended.code == 0, ended.err
        until = time.monotonic() + FORGOTTEN
        while still := named(page):
            assert time.monotonic() < until, still
            time.sleep(1)
        asking.next_round()
    assert {status for _, status in asking.answers} == {200}, asking.answers
    assert clicks_of(page) == before
    assert json.loads(get(f"{page}/api/honesty")[1])["problem"] is None
