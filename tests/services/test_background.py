"""The broker of `make services-start`: it outlives who started it, is started once, and stops by its process id."""

import os

import pytest

from services.__main__ import is_running, start, stop
from services.broker import Broker, BrokerFailure, _free_ports


def test_it_is_started_once_and_stopped_by_its_process_id(tmp_path, new_broker):
    (port,) = _free_ports(1)
    address = start(tmp_path, port)
    pid = (tmp_path / "pid").read_text()
    try:
        assert start(tmp_path, port) == address
        assert (is_running(tmp_path), (tmp_path / "pid").read_text()) == (True, pid)
        assert os.getsid(int(pid)) == int(pid)  # no child of this session, whose end it outlives
    finally:
        assert stop(tmp_path)
    assert (is_running(tmp_path), stop(tmp_path)) == (False, False)


def test_a_port_that_is_taken_is_told(tmp_path, broker):
    with pytest.raises(BrokerFailure, match=f"port {broker.listener.port} is taken"):
        Broker.start(tmp_path, port=broker.listener.port)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        pytest.param({"num.partitions": "many"}, r"(?s)could not be formatted.*num\.partitions", id="bad settings"),
        pytest.param({"authorizer.class.name": "none.Such"}, r"(?s)ended at once.*none\.Such", id="a class not there"),
    ],
)
def test_a_broker_that_does_not_start_is_told_with_its_last_words(tmp_path, new_broker, settings, told):
    with pytest.raises(BrokerFailure, match=told):
        Broker.start(tmp_path, settings=settings)
    assert not is_running(tmp_path)
