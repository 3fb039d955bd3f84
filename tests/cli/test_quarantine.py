"""Quarantine on the command line: what it asks before it writes, what it prints, and how it ends."""

import json

import pytest

from pipelines.testing import write_topic

ORDER = {"occurred_at": "2026-03-10T10:00:00Z", "kind": "placed", "currency": "EUR", "customer_id": "\x1b[31m"}
MEND = ["--mend", 'del(.customer_id) | .subtotal |= sub(","; ".")']


@pytest.fixture
def broken(codetrail_here, shop):
    """The README's shop with two rejected orders, of which one can be mended by a dot for a comma."""
    events = [
        ORDER | {"event_id": f"q{n}", "order_id": f"Q-{n}", "subtotal": text} for n, text in ((1, "9,90"), (2, "x"))
    ]
    write_topic(shop, "orders", events)
    assert codetrail_here("--workspace", shop, "run").code == 0

    def run(*arguments):
        return codetrail_here("--workspace", shop, "quarantine", *arguments)

    run.root = shop
    return run


def places(listed):
    return ["{topic}/{partition}/{offset}".format(**one) for one in json.loads(listed.out)["newest"]]


def test_a_dry_run_says_what_would_pass_and_ends_with_1_where_something_is_left(broken, listing):
    before = listing(broken.root)
    ended = broken("requeue", "--reason", "bad_money", *MEND, "--dry-run", "--json")
    assert ended.code == 1
    told = json.loads(ended.out)
    assert [(one["left"], one["standing"]) for one in told["tried"]] == [(None, "open"), ("bad_money", "open")]
    assert (told["passing"], told["sent"]) == (1, None)
    assert "1 of 2 messages would be rejected again" in ended.err
    ended = broken("requeue", places(broken("list", "--json"))[1], *MEND, "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    assert "1 of 1 messages would pass; nothing was written" in ended.out
    assert listing(broken.root) == before


def test_nothing_is_written_without_a_yes(broken, listing):
    before = listing(broken.root)
    for command in (["requeue", "--topic", "orders", *MEND], ["drop", "--topic", "orders", "--note", "noise"]):
        ended = broken(*command)
        assert ended.code == 2
        assert "--yes" in ended.err
    assert listing(broken.root) == before


def test_what_was_sent_or_dropped_is_told_and_open_no_more(broken, unharmed_terminal):
    other, mendable = places(broken("list", "--json"))
    sent = broken("requeue", mendable, *MEND, "--note", "commas", "--yes")
    assert "requeued  1 messages" in sent.out
    again = json.loads(broken("requeue", mendable, *MEND, "--yes", "--json").out)
    assert (again["sent"], again["before"], again["tried"][0]["standing"]) == ([], 1, "requeued")
    dropped = json.loads(broken("drop", other, mendable, "--note", "no order", "--yes", "--json").out)
    assert ([one["action"] for one in dropped["dropped"]], dropped["before"]) == (["dropped"], 1)
    assert json.loads(broken("list", "--json").out)["total"] == 0
    assert "sent again or dropped" in broken("list").out
    both = json.loads(broken("list", "--all", "--json").out)
    assert [one["standing"] for one in both["newest"]] == ["dropped", "requeued"]
    shown = json.loads(broken("show", mendable, "--json").out)
    assert [one["action"] for one in shown["releases"]] == ["sending", "requeued"]
    assert shown["releases"][1]["mend"] == MEND[1]
    for ended in (sent, broken("show", mendable), broken("show", other), broken("list", "--all")):
        unharmed_terminal(ended.out)


@pytest.fixture
def unharmed_terminal():
    def require(text):
        assert [c for c in text if not c.isprintable() and c != "\n"] == []

    return require
