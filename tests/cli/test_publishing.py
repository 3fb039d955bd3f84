"""From a broken check to exit 1: what breaks is named, and what was published stays."""

import json
import re

ISK = '{"event_id":"e2","occurred_at":"2026-03-11T10:00:00Z","order_id":"ORD-2","kind":"placed",'
ISK += '"currency":"ISK","subtotal":"5000"}\n'


def test_an_order_without_a_rate_blocks_until_the_rate_is_there(codetrail_here, shop, listing):
    here = ("--workspace", shop)
    with (shop / "topics" / "orders.ndjson").open("a") as file:
        file.write(ISK)
    assert "1 messages: 1 landed, 0 rejected; 1 orders" in codetrail_here(*here, "run").out
    published = listing(shop / "published")

    unchecked = codetrail_here(*here, "build", "--json")
    assert json.loads(unchecked.out)["rows"]["fct_orders"] == 2
    refused = codetrail_here(*here, "publish")
    assert refused.code == 1
    assert "codetrail check" in refused.err

    refreshed = codetrail_here(*here, "refresh")
    assert refreshed.code == 1
    assert re.findall(r"^(build|check|publish) ", refreshed.out, re.MULTILINE) == ["build", "check"]
    assert "ISK" in refreshed.out
    verdict = json.loads((shop / "warehouse" / "check.json").read_text(encoding="utf-8"))
    assert not verdict["passed"]
    broken = json.dumps(verdict["failures"])
    assert "ISK" in broken
    assert "2026-03-11" in broken

    refused = codetrail_here(*here, "publish")
    assert refused.code == 1
    assert "ISK" in refused.err
    assert refused.out == ""
    assert listing(shop / "published") == published
