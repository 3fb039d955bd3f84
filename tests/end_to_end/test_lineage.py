"""Lineage of a run that follows Kafka: a stream that began, and was stopped in good order."""

import json

import pytest

from pipelines.rules.framing import unframed
from tests.end_to_end.live_run import LiveRun, ends_of, send, workspace
from tests.jobs.worlds import write_reference
from tests.rules import serialized

pytestmark = pytest.mark.slow


def test_a_run_that_follows_is_a_stream_until_it_is_stopped(own_broker, prism, tmp_path):
    write_reference(tmp_path / "given")
    root = workspace(tmp_path / "live", tmp_path / "given" / "reference")
    file = tmp_path / "events.json"
    transport = {"TYPE": "file", "LOG_FILE_PATH": str(file), "APPEND": "true"}
    configured = {f"OPENLINEAGE__TRANSPORT__{name}": value for name, value in transport.items()}
    own_broker.reset()
    with LiveRun(root, own_broker, prism, **configured) as run:
        send(own_broker, [(topic, 0, unframed(value)) for topic, value in serialized.BY_PREFIX.items()])
        run.wait_until_caught_up(ends_of(own_broker))
        assert run.stop() == 0
    begun, ended = [json.loads(line) for line in file.read_text().splitlines()]
    assert (begun["eventType"], ended["eventType"]) == ("START", "COMPLETE")
    assert ended["job"]["facets"]["jobType"]["processingType"] == "STREAMING"
    assert {(one["namespace"], one["name"]) for one in ended["inputs"]} == {
        (f"kafka://{own_broker.bootstrap_servers}", topic) for topic in serialized.BY_PREFIX
    }
    written = {
        one["name"].rpartition("/")[2]: one["outputFacets"]["outputStatistics"]["rowCount"] for one in ended["outputs"]
    }
    assert written == {**dict.fromkeys(serialized.BY_PREFIX, 1), "rejected_events": 0, "order_attributions": 1}
