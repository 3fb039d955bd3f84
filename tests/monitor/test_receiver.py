"""Receiver: the signature, the secret and where it comes from, and what is sent over the wire."""

import hashlib
import hmac
import socket
from http.client import HTTPException

import pytest

from pipelines.failures import BadInput
from pipelines.monitor.receiver import Receiver, post, receiver_of, sign
from pipelines.settings import Settings
from tests.monitor.receiving import receiving

SECRET = b"a secret of many bytes"


def test_a_signature_is_what_its_receiver_computes():
    body = b'{"event":"signal.raised"}'
    theirs = hmac.new(SECRET, b"1700000000." + body, hashlib.sha256).hexdigest()
    assert sign(SECRET, 1_700_000_000, body) == f"sha256={theirs}"
    others = {sign(SECRET, 1_700_000_001, body), sign(SECRET, 1_700_000_000, body + b" "), sign(b"x", 1, body)}
    assert f"sha256={theirs}" not in others


def test_what_is_sent():
    with receiving() as got:
        status = post(Receiver(f"{got.url}/hooks/x?team=a", SECRET), "spike-1", b"{}", 1_700_000_000)
    (request,) = got.requests
    assert (status, request.path, request.body) == (200, "/hooks/x?team=a", b"{}")
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Idempotency-Key"] == "spike-1"
    assert request.headers["Codetrail-Timestamp"] == "1700000000"
    assert request.headers["Codetrail-Signature"] == sign(SECRET, 1_700_000_000, b"{}")


def test_a_redirect_is_not_followed():
    with receiving(307) as got:
        assert post(Receiver(got.url, SECRET), "spike-1", b"{}", 1) == 307
    assert len(got.requests) == 1


def test_a_proxy_of_the_environment_does_not_get_it(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with receiving() as got:
        assert post(Receiver(got.url, SECRET), "spike-1", b"{}", 1) == 200


def test_nobody_there_is_an_error_of_the_system():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises((OSError, HTTPException)):
        post(Receiver(f"http://127.0.0.1:{port}", SECRET), "spike-1", b"{}", 1)


def test_https_without_a_certificate_is_refused():
    with receiving() as got, pytest.raises(OSError, match="SSL"):
        post(Receiver(got.url.replace("http:", "https:"), SECRET), "spike-1", b"{}", 1)
    assert got.requests == []


def settings(**given):
    return Settings(**{"webhook_url": "https://shop.example/hook"} | given)


def test_the_secret_comes_from_the_settings_or_from_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_bytes(SECRET + b"\n")
    assert receiver_of(settings(webhook_secret=SECRET.decode())).secret == SECRET
    assert receiver_of(settings(webhook_secret_file=file)).secret == SECRET
    assert receiver_of(Settings()) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, "cannot be read", id="no such file"),
        pytest.param(b"short\n", "at least 16", id="a short secret"),
    ],
)
def test_a_file_without_a_good_secret_is_bad_input(tmp_path, content, said):
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadInput, match=said) as refused:
        receiver_of(settings(webhook_secret_file=file))
    assert "short" not in str(refused.value)


def test_a_url_without_a_secret_is_bad_input():
    with pytest.raises(BadInput, match=r"CODETRAIL_WEBHOOK_SECRET.*webhook_secret_file"):
        receiver_of(settings())


def test_neither_the_secret_nor_the_rest_of_the_url_is_shown():
    receiver = Receiver("https://shop.example:8443/hooks/T0PSECRET?x=1", SECRET)
    assert receiver.host == "https://shop.example:8443"
    assert "secret" not in repr(receiver).lower()
