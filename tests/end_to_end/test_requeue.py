"""Rejected messages sent again by the command line, to a real broker and to files, killed between its steps."""

import json
import os
import signal
import subprocess

import pytest

from pipelines.jobs.drain import drain_kafka
from pipelines.jobs.quarantine import Selection, tried
from pipelines.jobs.requeue import Requeued, requeue
from pipelines.reports.quarantine import list_rejected
from pipelines.rules.mending import mending
from pipelines.stores.lake import Lake
from pipelines.testing import HASH_KEY, assert_money_adds_up, drain, world_of, write_topic
from tests.end_to_end import killed_requeue
from tests.end_to_end.forked import Forked
from tests.end_to_end.live_run import COMMAND, LiveRun, ends_of, send, workspace
from tests.jobs.worlds import write_reference

pytestmark = pytest.mark.slow
MEND = '.subtotal |= sub(","; ".")'
REQUEUE = ("quarantine", "requeue", "--reason", "bad_money", "--mend", MEND, "--json")
ORDERS = [
    {
        "event_id": f"e{n}",
        "occurred_at": f"2026-03-10T12:00:0{n}Z",
        "order_id": f"o{n}",
        "kind": "placed",
        "currency": "USD",
        "subtotal": f"{n}9,90",
        "codes": ["LINK"],
    }
    for n in range(1, 5)
]


def environment(broker):
    servers = {} if broker is None else {"CODETRAIL_BOOTSTRAP_SERVERS": broker.bootstrap_servers}
    return {**os.environ, "CODETRAIL_HASH_KEY": HASH_KEY.decode(), **servers}


def asked(root, *command, broker):
    full = [*COMMAND, "--workspace", str(root), *command]
    ended = subprocess.run(full, capture_output=True, text=True, env=environment(broker))
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def killed(root, moment, broker=None):
    command = ("--workspace", str(root), *REQUEUE, "--yes")
    run = Forked(killed_requeue.main, moment, *command, said=root / "said", env=environment(broker))
    said = run.last_words()
    assert run.returncode == -signal.SIGKILL, said


def attributed(lake):
    """Each order that landed, with its subtotal in cents; none landed twice."""
    rows = lake.read("orders", ["order_id", "subtotal_minor"]).sort("order_id").rows()
    assert lake.read("order_attributions")["order_id"].n_unique() == len(rows)
    assert_money_adds_up(lake)
    return rows


EXPECTED = [(f"o{n}", n * 1000 + 990) for n in range(1, 5)]


def again(world):
    """What the same command does in this process."""
    return requeue(world, tried(world, Selection(reason="bad_money"), mending(MEND)), MEND, None)


@pytest.mark.parametrize("moment", ["said", "half", "sent"])
def test_a_requeue_to_a_file_that_was_killed_is_finished_by_the_next(tmp_path, moment):
    write_reference(tmp_path)
    write_topic(tmp_path, "orders", ORDERS)
    drain(tmp_path)
    killed(tmp_path, moment)
    done = again(world_of(tmp_path))
    assert len(done.sent) + len(done.found) == 4
    assert {"said": 0, "sent": 4}.get(moment, len(done.found)) == len(done.found)
    assert again(world_of(tmp_path)) == Requeued((), (), 0)
    drain(tmp_path)
    assert attributed(Lake(tmp_path / "lake")) == EXPECTED


@pytest.mark.parametrize("moment", ["half", "sent"])
def test_a_requeue_to_kafka_that_was_killed_is_finished_by_the_next(own_broker, tmp_path, moment):
    write_reference(tmp_path)
    own_broker.reset()
    send(own_broker, [("orders", n % 2, json.dumps(order).encode()) for n, order in enumerate(ORDERS)])
    world = world_of(tmp_path, bootstrap_servers=own_broker.bootstrap_servers)
    drain_kafka(world)
    killed(tmp_path, moment, own_broker)
    done = again(world)
    assert (len(done.sent), len(done.found)) == ((0, 4) if moment == "sent" else (4, 0))
    assert again(world) == Requeued((), (), 0)
    drain_kafka(world)
    lake = Lake(tmp_path / "lake")
    assert attributed(lake) == EXPECTED
    assert {one.standing for one in list_rejected(lake).newest} == {"requeued"}


def test_a_run_that_follows_attributes_what_is_sent_beside_it(own_broker, prism, tmp_path):
    (tmp_path / "given").mkdir()
    write_reference(tmp_path / "given")
    root = workspace(tmp_path / "live", tmp_path / "given" / "reference")
    own_broker.reset()
    with LiveRun(root, own_broker, prism) as run:
        send(own_broker, [("orders", 0, json.dumps(order).encode()) for order in ORDERS])
        run.wait_until_caught_up(ends_of(own_broker))
        tried = asked(root, *REQUEUE, "--dry-run", broker=own_broker)
        assert (tried["passing"], tried["sent"]) == (4, None)
        done = asked(root, *REQUEUE, "--yes", broker=own_broker)
        assert len(done["sent"]) == 4
        run.wait_until_caught_up(ends_of(own_broker))
        assert run.stop() == 0
    assert attributed(Lake(root / "lake")) == EXPECTED
