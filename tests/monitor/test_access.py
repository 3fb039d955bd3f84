"""Who may look: loopback without a token, everybody else with one."""

from pathlib import Path

import pytest

from pipelines.failures import BadInput
from pipelines.monitor.access import access_to, is_loopback, token_of, without_token
from pipelines.settings import Settings

TOKEN = "a token of more than sixteen characters"


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("10.0.0.1", False), ("page.example", False), ("localhost.evil.example", False)],
)  # fmt: skip
def test_which_hosts_only_this_machine_reaches(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "page.example"])
def test_where_others_reach_it_a_page_without_a_token_refuses_to_start(host):
    with pytest.raises(BadInput, match="monitor_token"):
        access_to(host, 8050, None)
    assert access_to(host, 8050, TOKEN).token == TOKEN


def test_an_address_of_version_6_is_known_by_its_brackets():
    assert access_to("fd00::1", 8050, TOKEN).knows_host("[FD00::1]:8050")


def test_no_token_is_taken_for_the_wrong_one_or_for_none():
    access = access_to("127.0.0.1", 8050, TOKEN)
    assert access.holds_token(TOKEN)
    assert not any(access.holds_token(given) for given in (None, "", TOKEN[:-1], TOKEN + " ", "\ud800"))


def test_the_token_stands_in_the_setting_or_in_a_file(tmp_path: Path):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert token_of(Settings()) is None
    assert token_of(Settings(monitor_token=TOKEN)) == TOKEN
    assert token_of(Settings(monitor_token_file=file)) == TOKEN


@pytest.mark.parametrize("content", [b"short", b"", b"\xff" * 20])
def test_a_file_without_a_good_token_is_named(tmp_path: Path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(BadInput, match="monitor_token_file"):
        token_of(Settings(monitor_token_file=file))


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(BadInput, match="cannot be read"):
        token_of(Settings(monitor_token_file=tmp_path / "none"))


def test_the_token_is_never_shown():
    assert TOKEN not in repr(Settings(monitor_token=TOKEN))


@pytest.mark.parametrize(
    ("query", "token", "left"),
    [
        ("token=a+b&q=x", "a b", "q=x"),
        ("q=x", None, "q=x"),
        ("token=", "", ""),
        ("a=1&token=t&b=&token=u", "t", "a=1&b="),
    ],
)
def test_a_token_is_taken_out_of_a_query(query, token, left):
    assert without_token(query) == (token, left)
