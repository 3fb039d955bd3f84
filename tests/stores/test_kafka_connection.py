"""How settings become a connection: what is missing is named, and a secret goes nowhere that it is not used."""

import pickle
import threading

import pytest

from pipelines.failures import BadInput, KafkaUnavailable
from pipelines.settings import load_settings
from pipelines.stores import kafka
from pipelines.stores.kafka_connection import PASSWORD, connection_of

SECRET = "tell nobody"


@pytest.fixture
def connect(tmp_path):
    """The connection of these settings."""

    def connect_with(**options):
        return connection_of(load_settings(tmp_path / "codetrail.toml", options))

    return connect_with


LOGIN = {"bootstrap_servers": "a:1", "kafka_security_protocol": "SASL_PLAINTEXT", "kafka_username": "shop"}


def test_a_plain_connection_needs_its_address_alone(connect):
    options = connect(bootstrap_servers="one:9092,two:9092").options()
    assert options["bootstrap_servers"] == ["one:9092", "two:9092"]
    assert options["security_protocol"] == "PLAINTEXT"
    assert not [name for name in options if name.startswith(("sasl", "ssl"))]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        pytest.param({}, "CODETRAIL_BOOTSTRAP_SERVERS", id="no address"),
        pytest.param(LOGIN | {"kafka_username": None}, "kafka_username", id="no login"),
        pytest.param(LOGIN, "CODETRAIL_KAFKA_PASSWORD", id="no password"),
        pytest.param(LOGIN | {"kafka_password_file": "/nowhere/secret"}, "/nowhere/secret", id="no password file"),
        pytest.param(
            {"bootstrap_servers": "a:1", "kafka_ssl_cafile": "/nowhere/ca.pem"}, "/nowhere/ca.pem", id="no CA"
        ),
    ],
)
def test_what_is_missing_is_named(connect, options, named):
    with pytest.raises(BadInput, match=named):
        connect(**options)


@pytest.mark.parametrize("in_file", [False, True])
def test_a_password_is_used_and_neither_shown_nor_kept(connect, tmp_path, monkeypatch, in_file):
    file = tmp_path / "secret"
    if in_file:
        file.write_text(f"{SECRET}\n")
    else:
        monkeypatch.setenv(PASSWORD, SECRET)
    connection = connect(**LOGIN, kafka_password_file=file if in_file else None)
    assert connection.options()["sasl_plain_password"] == SECRET
    assert SECRET not in repr(connection) + str(connection)
    assert SECRET.encode() not in pickle.dumps(connection)
    assert pickle.loads(pickle.dumps(connection)) == connection


def test_the_environment_comes_before_the_file(connect, tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("old")
    monkeypatch.setenv(PASSWORD, SECRET)
    assert connect(**LOGIN, kafka_password_file=tmp_path / "secret").password() == SECRET


def test_a_refused_connection_leaves_no_thread_behind(connect):
    before = threading.active_count()
    with pytest.raises(KafkaUnavailable):
        kafka.partitions(connect(bootstrap_servers="127.0.0.1:1", kafka_request_timeout_seconds=1))
    assert threading.active_count() == before
