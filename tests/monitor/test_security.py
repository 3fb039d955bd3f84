"""What stands before every route: methods, sizes, hosts, rates, tokens, and the headers of every answer."""

import pytest
from starlette.testclient import TestClient

from pipelines.monitor.access import COOKIE, access_to
from pipelines.monitor.rates import Rates
from pipelines.monitor.security import HEADERS, LONGEST_TARGET, Guard
from tests.monitor.conftest import PORT

TOKEN = "a token of more than sixteen characters"
ELSEWHERE = "http://10.1.2.3:8050"
PATHS = [
    "/",
    "/campaigns/spring",
    "/api/snapshot",
    "/static/page.css",
    "/nothing",
    "/?model=x",
    "/downloads/course.csv",
]


@pytest.fixture
def guarded(open_client):
    """A client of a page that listens where others reach it, with a token."""
    return open_client(access_to("10.1.2.3", PORT, TOKEN, ["page.example"]), base_url=ELSEWHERE)


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_headers(client, path):
    headers = client.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")
    assert "server" not in headers


def test_the_policy_lets_nothing_in_but_the_page_s_own(client):
    policy = dict(part.split(" ", 1) for part in client.get("/").headers["content-security-policy"].split("; "))
    assert policy.pop("default-src") == policy.pop("base-uri") == policy.pop("frame-ancestors") == "'none'"
    assert set(policy.values()) == {"'self'"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
@pytest.mark.parametrize("path", PATHS[:4])
def test_nothing_can_be_changed(client, method, path):
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", [*PATHS[:4], "/events"])
def test_head_says_what_get_would_without_a_body(client, path):
    answer = client.head(path)
    assert answer.status_code == 200
    assert answer.content == b""


def test_an_address_has_its_longest(client):
    path = "/formulas"
    longest = "x" * (LONGEST_TARGET - len(path))
    assert client.get(f"{path}?{longest}").status_code == 200
    assert client.get(f"{path}?{longest}x").status_code == 414


@pytest.mark.parametrize("host", ["127.0.0.1:8050", "localhost:8050", "LOCALHOST:8050", "[::1]:8050"])
def test_the_page_answers_to_its_own_names(client, host):
    assert client.get("/formulas", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8050", "127.0.0.1:9999", "127.0.0.1", "localhost.evil.example:8050", ""]
)
def test_the_page_answers_to_no_other_name(client, host):
    assert client.get("/formulas", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["page.example", "page.example:443", "10.1.2.3:8050"])
def test_an_allowed_host_is_one_of_its_names(guarded, host):
    assert guarded.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_nothing_is_shown(guarded, path):
    answer = guarded.get(path)
    assert answer.status_code == 401
    assert "Codetrail" not in answer.text


def test_health_needs_no_token(guarded):
    assert guarded.get("/healthz").status_code == 200


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer  {TOKEN} "])
def test_a_program_sends_the_token_with_each_request(guarded, given):
    assert guarded.get("/api/pacing", headers={"Authorization": given}).status_code == 200


@pytest.mark.parametrize("given", ["Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer", "Bearer \u00fc"])
def test_another_token_is_none(guarded, given):
    assert guarded.get("/", headers={"Authorization": given.encode()}).status_code == 401


def test_a_browser_gives_the_token_once_and_keeps_a_cookie_that_does_not_tell_it(guarded):
    answer = guarded.get("/campaigns/spring", params={"model": "linear", "token": TOKEN})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/campaigns/spring?model=linear"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert TOKEN not in cookie
    assert guarded.get(answer.headers["location"]).status_code == 200


def test_over_https_the_cookie_goes_over_https_alone(open_client):
    client = open_client(access_to("10.1.2.3", PORT, TOKEN), base_url="https://10.1.2.3:8050")
    assert "Secure" in client.get("/", params={"token": TOKEN}).headers["set-cookie"].split("; ")


def test_a_wrong_token_in_the_address_sets_no_cookie(guarded):
    answer = guarded.get("/", params={"token": "wrong"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("cookie", [f"{COOKIE}=wrong", f"{COOKIE}={TOKEN}", f"{COOKIE}=", "=;=", f'{COOKIE}="\\'])
def test_another_cookie_is_none(guarded, cookie):
    assert guarded.get("/", headers={"Cookie": cookie}).status_code == 401


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "///evil.example"])
def test_the_way_back_leads_to_no_other_host(guarded, path):
    answer = guarded.send(guarded.build_request("GET", ELSEWHERE + path + "?token=" + TOKEN.replace(" ", "+")))
    assert answer.status_code in (303, 404)
    assert not answer.headers.get("location", "/").startswith(("//", "/\\"))


def test_who_asks_too_often_is_told_when_to_come_again(watched):
    async def answers(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    now = [0.0]
    guard = Guard(answers, access_to("127.0.0.1", PORT, None), Rates(lambda: now[0], burst=3, per_second=0.5))
    client = TestClient(guard, base_url="http://127.0.0.1:8050")
    assert [client.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get("/").headers["retry-after"] == "2"
    now[0] = 2.0
    assert client.get("/").status_code == 200
