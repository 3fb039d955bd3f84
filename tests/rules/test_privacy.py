"""Privacy: what is taken out of a message before anything is decided or stored."""

import re
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.rules.privacy import PSEUDONYMISED, Pseudonyms, holds_email, redact_payload, redact_text

EMAIL = r"[A-Za-z0-9._+-]+(@|%40)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
KEY = b"sixteen bytes...and more"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        pytest.param("anna@example.com", "[email]", id="an address"),
        pytest.param("write to anna@example.com!", "write to [email]!", id="inside a text"),
        pytest.param("anna%40example.com", "[email]", id="percent-encoded"),
        pytest.param("anna%2Bx%40example.com", "anna%[email]", id="an encoded plus cuts it"),
        pytest.param("a.b+c_d-e@sub.example.co.uk", "[email]", id="every sign that a local part may have"),
        pytest.param("a@b.c,d@e.f", "[email],[email]", id="two"),
        pytest.param("a@b@c.d", "a@[email]", id="two at signs"),
        pytest.param("a%40b%40c.d", "a%[email]", id="two encoded ones: the first's own digits join the second"),
        pytest.param("a@b", "a@b", id="no dot in the domain"),
        pytest.param("@b.c", "@b.c", id="no local part"),
        pytest.param("a@b.", "a@b.", id="nothing behind the dot"),
        pytest.param("a@b.c.", "[email].", id="the dot at a sentence's end"),
        pytest.param("a@b..c", "a@b..c", id="two dots"),
        pytest.param("é@b.c", "é@b.c", id="no ASCII local part"),
        pytest.param("aé@b.c", "aé@b.c", id="an accent parts it from the sign"),
        pytest.param("a＠b.c", "a＠b.c", id="a full-width sign is another"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_text(text, redacted):
    assert redact_text(text) == redacted
    assert holds_email(text) is (text != redacted)


@given(st.text(alphabet="@%40.-+_aZé 9", max_size=40))
@example("4040%40@40.4")
def test_text_is_redacted_as_the_contract_s_plain_expression_would(text):
    assert redact_text(text) == re.sub(EMAIL, "[email]", text)


@given(st.lists(st.sampled_from(["@", "%40", "%", "4", "40", "0", ".", "-", "+", "a", "b.c", "é", " "]), max_size=14))
def test_texts_made_of_its_parts_likewise(parts):
    text = "".join(parts)
    assert redact_text(text) == re.sub(EMAIL, "[email]", text)


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param("", id="letters alone"),
        pytest.param("@", id="a sign at the end"),
        pytest.param("@" + "b" * 1_000_000, id="a domain without a dot"),
        pytest.param("@" + "b." * 500_000, id="a domain of dots"),
        pytest.param("@b" * 300_000, id="signs and no dot"),
    ],
)
def test_megabytes_are_read_in_one_pass(tail):
    """The plain expression starts anew at every letter: a megabyte would take it hours."""
    text = "a" * 1_000_000 + tail
    assert redact_text(text).removeprefix("a" * 1_000_000) in (tail, "[email].")
    assert len(redact_payload(text.encode())) <= len(text)


def test_an_id_with_an_address_becomes_a_keyed_hash_of_the_whole():
    redact = Pseudonyms(KEY).redact_id
    assert redact("customer 7") == "customer 7"
    assert re.fullmatch("email:[0-9a-f]{32}", redact("anna@example.com"))
    assert redact("anna@example.com") == redact("anna@example.com")
    assert redact("shop-1:anna@example.com") != redact("shop-2:anna@example.com")
    assert redact("anna@example.com") != Pseudonyms(KEY[::-1]).redact_id("anna@example.com")
    assert redact("anna%40example.com").startswith("email:")


def test_a_short_key_is_refused_without_being_shown():
    with pytest.raises(ValueError, match="the hash key has 6 bytes") as refused:
        Pseudonyms(b"secret")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("payload", "redacted"),
    [
        pytest.param('{"ip":"203.0.113.9"}', '{"ip":"[ip]"}', id="IPv4"),
        pytest.param('{"ip":203.0.113.9}', '{"ip":[ip]}', id="IPv4 without its quotes"),
        pytest.param("from 203.0.113.9.", "from [ip].", id="IPv4 at a sentence's end"),
        pytest.param("203.0.113.9:8080", "[ip]:8080", id="IPv4 with a port"),
        pytest.param("203.0.113.9, 10.0.0.1", "[ip], [ip]", id="two"),
        pytest.param(r'"line\n203.0.113.9"', r'"line\n[ip]"', id="IPv4 behind an escape"),
        pytest.param('{"ip":"2001:db8::1"}', '{"ip":"[ip]"}', id="IPv6"),
        pytest.param('{"ip":2001:db8::1}', '{"ip":[ip]}', id="IPv6 without its quotes"),
        pytest.param("from 2001:db8::1.", "from [ip].", id="IPv6 at a sentence's end"),
        pytest.param("from 2001:db8::1: refused", "from [ip]: refused", id="IPv6 before a colon"),
        pytest.param("[2001:db8:0:0:0:0:0:1]:443", "[[ip]]:443", id="IPv6 in full with a port"),
        pytest.param("::ffff:203.0.113.9", "[ip]", id="IPv4 inside IPv6"),
        pytest.param("fe80::1%eth0", "[ip]%eth0", id="IPv6 with a zone"),
        pytest.param("12:30:203.0.113.9", "12:30:[ip]", id="IPv4 behind a time of day"),
        pytest.param("2026-03-01T12:30:45Z", "2026-03-01T12:30:45Z", id="an instant is none"),
        pytest.param('"at":12:30:45', '"at":12:30:45', id="nor a time of day"),
        pytest.param("00:1b:44:11:3a:b7", "00:1b:44:11:3a:b7", id="nor a hardware address"),
        pytest.param("1.2.3", "1.2.3", id="nor a version of three parts"),
        pytest.param("1.2.3.4.5", "1.2.3.4.5", id="nor one of five"),
        pytest.param("999.1.1.1", "999.1.1.1", id="nor what no address can be"),
        pytest.param("std::vector", "std::vector", id="nor a name with colons"),
        pytest.param("{a :: b}", "{a :: b}", id="nor two colons alone"),
        pytest.param('{"customer_id":"anna@example.com"', '{"customer_id":"[email]"', id="an e-mail address"),
        pytest.param(r'{"to":"anna\u0040example.com"}', r'{"to":"[email]"}', id="an escaped one"),
        pytest.param("anna%40example.com", "[email]", id="a percent-encoded one"),
    ],
)
def test_payloads(payload, redacted):
    assert redact_payload(payload.encode()) == redacted.encode()


@given(st.binary(max_size=60).filter(lambda raw: not re.search(rb"[@:%\\]|\.[0-9]", raw)))
def test_a_payload_keeps_all_other_bytes(payload):
    assert redact_payload(payload) == payload


before = st.sampled_from(["", '{"ip":"', '{"ip":', "ip:", "ip=", "(", "x ", "\n", "é", r"\t", "http://["])
behind = st.sampled_from(["", '"}', "}", ",", ".", ". And", ":", ": no", "]:80", ";", " x", "/24", "é"])


@given(before, st.ip_addresses().filter(lambda ip: ip != IPv6Address("::")), behind)
def test_no_address_of_the_network_stays(prefix, address, suffix):
    assert redact_payload(f"{prefix}{address}{suffix}".encode()) == f"{prefix}[ip]{suffix}".encode()


@given(st.lists(st.ip_addresses(v=4), min_size=1, max_size=4), st.sampled_from([",", " ", "-", "|", "/", ", "]))
def test_several_addresses_go_alike(addresses, separator):
    assert all(isinstance(address, IPv4Address) for address in addresses)
    joined = separator.join(map(str, addresses)).encode()
    assert redact_payload(joined) == separator.join(["[ip]"] * len(addresses)).encode()


def test_a_field_that_is_hashed_keeps_no_id_but_a_name_that_is_its_own():
    names = Pseudonyms(KEY, ["customer_id"])
    assert re.fullmatch("customer:[0-9a-f]{32}", names.of_sent("customer_id", "cust-7"))
    assert names.of_sent("customer_id", "cust-7") == names.of_sent("customer_id", "cust-7")
    assert names.of_sent("visitor_id", "cust-7") == "cust-7"
    both = Pseudonyms(KEY, PSEUDONYMISED["all"])
    assert both.of_sent("visitor_id", "7").partition(":")[2] != both.of_sent("customer_id", "7").partition(":")[2]
    assert both.of_sent("customer_id", "anna@example.com") == names.redact_id("anna@example.com")
    # what a sender calls an address is no name of ours
    assert names.of_sent("customer_id", "email:anna").startswith("customer:")


def test_a_tombstone_and_a_fingerprint_are_of_the_key():
    names, others = Pseudonyms(KEY), Pseudonyms(KEY[::-1])
    assert names.tombstone("customer_id", "7") != others.tombstone("customer_id", "7")
    assert names.tombstone("customer_id", "7") != names.tombstone("visitor_id", "7")
    assert names.fingerprint() != others.fingerprint()
    assert Pseudonyms(KEY, ["customer_id"]).fingerprint() == names.fingerprint()
