"""A campaign that is fed through a real broker while its page is open: reference data, messages, and the page."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from pipelines.testing import HASH_KEY
from tests.end_to_end.live_run import send, wait_until

COMMAND = Path(sys.executable).with_name("codetrail")
HOSTILE = "<img src=x onerror=alert(1)>"
FORMULA = "=cmd()"
STATEMENT = "'; drop table orders; --"
REFERENCE = {
    "influencers": "influencer_id,handle,name,platform,followers\n"
    "alex,@alex,Alex,tiktok,120000\nmia,@mia,Mia <script>alert(2)</script>,instagram,4000\n",
    "campaigns": "campaign_id,name,starts_at,ends_at,timezone,currency\n"
    "spring,Spring Glow,{begin},{end},Europe/Berlin,USD\n",
    "codes": "code,influencer_id,campaign_id\nALEX20,alex,spring\nMIA10,mia,spring\n",
    "links": "link_id,influencer_id,campaign_id\nalex-link,alex,spring\nmia-link,mia,spring\n",
    "costs": "cost_id,campaign_id,influencer_id,category,amount,currency,incurred_on\n"
    "c1,spring,alex,fee,500,USD,{day}\n",
}


class LiveCampaign:
    """Sends what a shop would to `broker`, about now; every event has an id of its own."""

    def __init__(self, broker, now: datetime) -> None:
        self._broker, self.now = broker, now
        self._numbers = count(1)

    def write_reference(self, root: Path) -> None:
        (root / "reference").mkdir(parents=True)
        begin, end = (self.now + timedelta(days=days) for days in (-40, 20))
        given = {"begin": begin.isoformat(), "end": end.isoformat(), "day": begin.date().isoformat()}
        for name, text in REFERENCE.items():
            (root / "reference" / f"{name}.csv").write_text(text.format(**given), encoding="utf-8")

    def click(self, link: str = "alex-link", visitor: str | None = None, **ago):
        return self._message(
            "clicks", ago, visitor_id=visitor or f"v{next(self._numbers)}", url="https://shop.example/", link_id=link
        )

    def order(self, subtotal: str = "100.00", codes=(), visitor: str | None = None, order_id: str | None = None, **ago):
        placed = {"kind": "placed", "currency": "USD", "subtotal": subtotal, "codes": list(codes)}
        named = {"order_id": order_id or f"o{next(self._numbers)}"} | ({"visitor_id": visitor} if visitor else {})
        return self._message("orders", ago, **named, **placed)

    def send(self, *messages) -> None:
        send(self._broker, messages)

    def _message(self, topic, ago, **said):
        at = datetime.now(UTC) - timedelta(**ago)
        event = {"event_id": f"e{next(self._numbers)}", "occurred_at": at.isoformat(timespec="milliseconds"), **said}
        return topic, None, json.dumps(event).encode()


class Monitor:
    """`codetrail monitor` as a process, on a free port; as a context it leaves no process behind."""

    def __init__(self, root: Path, *options: str, **environment: str) -> None:
        self._log = root / "monitor.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [COMMAND, "--workspace", root, "monitor", "--port", "0", *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "CODETRAIL_HASH_KEY": HASH_KEY.decode(), **environment},
            )

    def __enter__(self) -> "Monitor":
        wait_until(lambda: self.process.poll() is not None or self._address(), f"the page is served: {self.said}", 60)
        assert self._address(), self.said
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(20)

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def url(self) -> str:
        return self._address().group()

    def _address(self) -> re.Match[str] | None:
        return re.search(r"http://[\w.:]+", self.said)
