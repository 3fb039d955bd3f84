"""Lineage by OpenLineage's own client: to its file, to a real server, to one that is away, and to nobody."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipelines.failures import LakeUnavailable
from pipelines.stores import lineage
from pipelines.stores.lineage import Assertion, DataSet, Facts, Job, Telling, is_wanted

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
JOB = Job("codetrail", "shop.run", "3f5e83fa-3480-44ff-99c5-ff943904e5e8")
STREAM = Job("codetrail", "shop.run", "3f5e83fa-3480-44ff-99c5-ff943904e5e8", is_endless=True)
ORDERS = DataSet("file", "/shop/lake/orders", (("order_id", "string"),), "7", 3)
JUDGED = DataSet("file", "/shop/mart", assertions=(Assertion("not_null", "A key.", "warn", 2), Assertion("all", "…")))
FACTS = Facts((DataSet("kafka://broker:9092", "orders"), JUDGED), (ORDERS,))


@pytest.fixture
def transport(monkeypatch):
    """Sets OpenLineage's variables for a transport, as its users do; no git repository of ours in the events."""

    def configured(**options):
        monkeypatch.setenv("OPENLINEAGE__FACETS__SOURCE_CODE_LOCATION__DISABLED", "true")
        for name, value in options.items():
            monkeypatch.setenv(f"OPENLINEAGE__TRANSPORT__{name.upper()}", str(value))

    return configured


@pytest.fixture
def sent(transport, tmp_path):
    """The events that have been sent to OpenLineage's file."""
    transport(type="file", log_file_path=tmp_path / "events.json", append="true")
    return lambda: [json.loads(line) for line in (tmp_path / "events.json").read_text().splitlines()]


def telling(job=JOB, facts=lambda: FACTS, **options):
    return Telling(job, facts, lambda: NOON, **options)


def test_a_run_that_ends_well_is_told_twice_with_all_that_is_known(sent):
    with telling():
        pass
    begun, ended = sent()
    assert (begun["eventType"], ended["eventType"]) == ("START", "COMPLETE")
    for event in (begun, ended):
        assert event["eventTime"] == NOON.isoformat()
        assert event["producer"].startswith("urn:codetrail:")
        assert event["run"]["runId"] == JOB.run_id
        assert (event["job"]["namespace"], event["job"]["name"]) == (JOB.namespace, JOB.name)
        assert event["job"]["facets"]["jobType"]["processingType"] == "BATCH"
    topic, judged = ended["inputs"]
    assert (topic["namespace"], topic["name"]) == ("kafka://broker:9092", "orders")
    quality = judged["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert [(one["assertion"], one["success"], one["severity"]) for one in quality] == [
        ("not_null", False, "warn"),
        ("all", True, "error"),
    ]
    [written] = ended["outputs"]
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == ORDERS.rows
    assert written["facets"]["version"]["datasetVersion"] == ORDERS.version
    assert written["facets"]["schema"]["fields"] == [{"name": "order_id", "type": "string", "fields": []}]


@pytest.mark.parametrize(("error", "state"), [(LakeUnavailable, "FAIL"), (KeyboardInterrupt, "ABORT")])
def test_a_run_that_ends_otherwise_says_how_without_anybody_s_address(sent, error, state):
    with pytest.raises(error), telling():
        raise error("of ana@example.com")
    ended = sent()[-1]
    assert ended["eventType"] == state
    assert ended["run"]["facets"]["errorMessage"]["message"] == f"{error.__name__}: of [email]"


def test_an_endless_run_goes_on_telling_and_facts_that_cannot_be_had_stop_nothing(sent):
    asked, again = [], threading.Event()

    def facts():
        asked.append(FACTS)
        if len(asked) > 2:
            again.set()
            raise LakeUnavailable("the disk is away")
        return FACTS

    with telling(STREAM, facts, seconds=0.01):
        assert again.wait(20)
    events = sent()
    assert [event["eventType"] for event in events][:2] == ["START", "RUNNING"]
    assert events[-1]["eventType"] == "COMPLETE"
    assert events[-1]["job"]["facets"]["jobType"]["processingType"] == "STREAMING"
    assert all(event["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 3 for event in events)


@contextmanager
def backend(answer):
    """A server to which events are posted; each goes to `answer`, which gives the status."""

    class Posted(BaseHTTPRequestHandler):
        def do_POST(self):
            status = answer(self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Posted)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def test_events_are_posted_to_a_backend_in_their_order(transport):
    posted = []
    with backend(lambda path, event: posted.append((path, event["eventType"])) or 201) as url:
        transport(type="http", url=url)
        with telling():
            pass
    assert posted == [("/api/v1/lineage", "START"), ("/api/v1/lineage", "COMPLETE")]


NO_RETRY = '{"total": 0, "connect": 0, "read": 0, "status": 0}'


def test_a_backend_that_is_down_or_refuses_is_told_once_and_stops_nothing(transport, capsys, port):
    transport(type="http", url=f"http://127.0.0.1:{port}", retry=NO_RETRY)
    with telling():
        done = "the run's work"
    assert done
    assert capsys.readouterr().err.count("lineage not sent") == 1
    with backend(lambda *_: 500) as url:
        transport(url=url)
        with telling():
            pass
    assert capsys.readouterr().err.count("lineage not sent") == 1


def test_a_backend_that_does_not_answer_is_waited_for_no_longer_than_said(transport, capsys):
    answer = threading.Event()
    with backend(lambda *_: 201 if answer.wait(60) else 500) as url:
        transport(type="http", url=url, retry=NO_RETRY)
        with telling(patience=0.2) as told:
            pass
        assert told._sender.is_alive()
        answer.set()
        told._sender.join()
    assert capsys.readouterr().err.count("no answer within 0.2 s") == 1


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        pytest.param({}, False, id="not configured"),
        pytest.param({"OPENLINEAGE_NAMESPACE": "shops"}, False, id="a name alone is no backend"),
        pytest.param({"OPENLINEAGE_URL": "http://lineage:5000"}, True, id="an address"),
        pytest.param({"OPENLINEAGE__TRANSPORT__TYPE": "console"}, True, id="a transport"),
        pytest.param({"OPENLINEAGE_URL": "http://x", "OPENLINEAGE_DISABLED": "True"}, False, id="switched off"),
    ],
)
def test_who_wants_lineage(environment, wanted, tmp_path):
    assert is_wanted(environment, (tmp_path,)) is wanted


def test_a_file_of_openlineage_is_a_wish_and_without_the_package_it_is_told(tmp_path, monkeypatch, capsys):
    (tmp_path / "openlineage.yml").write_text("transport: {type: console}\n")
    assert is_wanted({}, (tmp_path,))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(lineage, "find_spec", lambda name: None)
    assert not is_wanted({}, (tmp_path,))
    assert "codetrail[openlineage]" in capsys.readouterr().err
    assert not is_wanted({}, ())
    assert capsys.readouterr().err == ""
