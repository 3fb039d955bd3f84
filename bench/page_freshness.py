"""How fresh the page is: from a message on a real broker to the changed number in a real browser.

    .venv/bin/python bench/page_freshness.py [--orders N] [--rate N]

A campaign is followed on Prism and its page is open in Chromium, while clicks come at a steady rate. Now and then, by
chance about once a second, an order is sent; measured is the time from its message's Kafka timestamp to the moment at
which the page shows as many orders.
"""

import argparse
import os
import random
import shutil
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from kafka import KafkaProducer
from measured_run import figures
from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from pipelines.stores.prism import SERVICES, find_prism
from services.broker import Broker
from services.provision import CHROMIUM
from tests.browser.live_campaign import LiveCampaign, Monitor
from tests.end_to_end.live_run import COMMAND, LiveRun

LIVE = {"CODETRAIL_BLOCK_MESSAGES": "50000", "CODETRAIL_BLOCK_SECONDS": "0.4"}  # the defaults
READY_SECONDS = 10.0
PATIENCE_SECONDS = 30.0
OBSERVE = """
() => {
  window.shown = [];
  const look = () => {
    const orders = Number(document.querySelector("#now-orders").textContent.replace(/[^0-9]/g, ""));
    const last = window.shown.at(-1);
    if (!last || last[0] !== orders) window.shown.push([orders, performance.timeOrigin + performance.now()]);
  };
  const all = {subtree: true, childList: true, characterData: true};
  new MutationObserver(look).observe(document.querySelector("#now"), all);
  look();
}
"""


def main() -> None:
    asked = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="codetrail-page-freshness-"))
    prism = find_prism(os.environ, shutil.which, SERVICES)
    if prism is None:
        raise SystemExit("there is no Prism: make services")
    broker = Broker.start(folder / "broker")
    try:
        campaign = LiveCampaign(broker, datetime.now(UTC))
        root = folder / "shop"
        campaign.write_reference(root)
        campaign.send(campaign.click(), campaign.order(codes=["ALEX20"]))
        with LiveRun(root, broker, prism, command=COMMAND, **LIVE), Monitor(root) as monitor, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=os.geteuid() != 0)
            page = browser.new_page()
            page.goto(f"{monitor.url}/campaigns/spring")
            seconds = _measure(page, campaign, broker, asked)
            browser.close()
    finally:
        broker.stop()
    p50, p95, p99 = np.quantile(seconds, [0.5, 0.95, 0.99])
    shown = {"orders": f"{len(seconds):,}", "clicks a second meanwhile": f"{asked.rate:,.0f}"}
    shown |= {"p50": f"{p50:.2f} s", "p95": f"{p95:.2f} s", "p99": f"{p99:.2f} s", "at most": f"{max(seconds):.2f} s"}
    Console().print(figures("From a message to the changed number", shown))
    shutil.rmtree(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=200, help="that are looked for on the page")
    parser.add_argument("--rate", type=float, default=200, help="clicks a second meanwhile")
    return parser.parse_args()


def _measure(page: Page, campaign: LiveCampaign, broker: Broker, asked: argparse.Namespace) -> list[float]:
    page.wait_for_timeout(1000 * READY_SECONDS)
    page.evaluate(OBSERVE)
    first = int(page.evaluate("window.shown[0][0]"))
    over, chance = threading.Event(), random.Random(1)
    clicking = threading.Thread(target=_click, args=(campaign, broker, asked.rate, over))
    clicking.start()
    producer = KafkaProducer(**broker.client_settings())
    sent: list[float] = []
    try:
        for _ in range(asked.orders):
            topic, _partition, value = campaign.order(codes=["ALEX20"])
            sent.append(producer.send(topic, value).get(PATIENCE_SECONDS).timestamp / 1000)
            page.wait_for_timeout(1000 * chance.expovariate(1.0))
        page.wait_for_function(f"window.shown.at(-1)[0] >= {first + asked.orders}", timeout=1000 * PATIENCE_SECONDS)
    finally:
        over.set()
        clicking.join()
        producer.close()
    shown = [(int(orders) - first, at / 1000) for orders, at in page.evaluate("window.shown")]
    return [next(at for orders, at in shown if orders > place) - at_broker for place, at_broker in enumerate(sent)]


def _click(campaign: LiveCampaign, broker: Broker, rate: float, over: threading.Event) -> None:
    producer = KafkaProducer(**broker.client_settings())
    begun, count = time.monotonic(), 0
    while not over.wait(0.05):
        while count < rate * (time.monotonic() - begun):
            topic, _partition, value = campaign.click()
            producer.send(topic, value)
            count += 1
    producer.close()


if __name__ == "__main__":
    main()
