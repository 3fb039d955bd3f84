"""The pages and routes: what a browser without JavaScript gets, and what whoever asks for what there is not."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from starlette.routing import Mount, Route

from pipelines.failures import LakeUnavailable
from pipelines.rules.models import MODELS
from tests.monitor.explained import explanation
from tests.monitor.reading import read
from tests.monitor.snapshots import DEAD, NOW, empty_snapshot, snapshot, with_row

PAGES = ["/", "/campaigns/spring", "/orders", "/orders/o-00001", "/formulas"]
SECTIONS = ["now", "course", "signals", "influencers", "pacing", "honesty"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_html_without_inline_script_or_style(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = read(answer.text)
    assert page.of("html") == [{"lang": "en"}]
    assert [script for script in page.of("script") if not (script.get("src") or "").startswith("/static/")] == []
    assert page.of("style") == []
    assert [tag for tag, given in page.tags if "style" in given or any(name.startswith("on") for name in given)] == []


@pytest.mark.parametrize("path", PAGES)
def test_no_two_elements_of_a_page_have_one_id(client, path):
    ids = [given["id"] for _, given in read(client.get(path).text).tags if given.get("id")]
    assert [one for one in ids if ids.count(one) > 1] == []


@pytest.mark.parametrize("path", ["/", "/campaigns/spring"])
def test_a_page_shows_every_section_and_how_fresh_it_is(client, path):
    page = read(client.get(path).text)
    assert [name for name in SECTIONS if not page.by_id[name].strip()] == []
    assert page.by_id["as-of"].startswith("20 Mar 2026, ")
    assert "Live" in page.by_id["stream"]


def test_every_link_of_the_pages_leads_somewhere(client):
    found = {href.partition("#")[0] for path in PAGES for href in read(client.get(path).text).hrefs} - {""}
    assert len(found) > 50
    unknown = {f"/orders/o-{number:05}" for number in range(100)} - {"/orders/o-00001"}
    assert {href: code for href in sorted(found - unknown) if (code := client.get(href).status_code) != 200} == {}


def test_every_column_head_and_headline_leads_to_its_formula(client):
    formulas = read(client.get("/formulas").text)
    anchors = {given["id"] for given in formulas.of("div") if given.get("id")}
    for path in ("/", "/campaigns/spring"):
        asked = {href.partition("#")[2] for href in read(client.get(path).text).hrefs if href.startswith("/formulas#")}
        assert asked <= anchors
        assert {"orders", "net_revenue", "roi_pct", "active_codes", "expected"} <= asked


def test_times_are_in_the_campaign_s_zone_and_amounts_name_their_currency(client):
    page = read(client.get("/campaigns/spring").text)
    assert "Times in Europe/Berlin" in page.text
    assert "the campaign's own currency is EUR" in page.text
    assert page.by_id["as-of"] == "20 Mar 2026, 14:37:03"
    assert read(client.get("/").text).by_id["as-of"] == "20 Mar 2026, 13:37:03"


@pytest.mark.parametrize("path", ["/", "/campaigns/spring"])
def test_every_model_adds_up_to_the_same_total(client, path):
    pages = {model: read(client.get(path, params={"model": model}).text) for model in MODELS}
    assert len({page.by_id["model-total"] for page in pages.values()}) == 1
    assert len({page.by_id["influencer-table"] for page in pages.values()}) == len(MODELS)
    assert all("adds up to the cent" in page.by_id["reckoning"] for page in pages.values())


def test_amounts_that_do_not_add_up_are_not_shown_as_if_they_did(client, watched):
    honesty = snapshot().honesty
    wrong = replace(honesty.sums["policy"], total=honesty.sums["policy"].total + 1)
    watched.snapshot = snapshot(2, honesty=replace(honesty, sums={**honesty.sums, "policy": wrong}))
    page = read(client.get("/").text)
    assert "does not add up" in page.by_id["reckoning"]
    assert "no, −1.00 off" in page.by_id["sums-table"]


def test_a_sorted_table_says_so_and_the_same_head_turns_it_round(client):
    page = client.get("/", params={"sort": "roas", "order": "asc"}).text
    heads = [given for given in read(page).of("th") if given.get("aria-sort")]
    assert [head["aria-sort"] for head in heads] == ["ascending"]
    assert next(link for link in read(page).of("a") if link.get("id") == "sort-roas")["href"] == "/?sort=roas"


def test_a_filter_leaves_the_others_out_and_the_sum_over_all_as_it_is(client):
    page = read(client.get("/", params={"tier": "micro", "q": "EMMA"}).text)
    assert "1 of 8 influencers" in page.by_id["influencer-table"]
    assert "emma.bakes" in page.by_id["influencer-table"]
    assert "fitwithjonas" not in page.by_id["influencer-table"]
    assert page.by_id["model-total"] == read(client.get("/").text).by_id["model-total"]


def test_what_is_provisional_is_said_beside_the_number(client):
    page = read(client.get("/").text)
    assert "30 prov." in page.by_id["influencer-table"]
    assert "provisional" in page.by_id["now"]


def test_a_dead_stream_is_an_alert_and_a_live_one_is_none(client, watched):
    assert [given for given in read(client.get("/").text).of("strong") if given.get("role") == "alert"] == []
    watched.state = DEAD
    client.app.state.site._standing = None
    page = read(client.get("/").text)
    assert [given for given in page.of("strong") if given.get("role") == "alert"] != []
    assert DEAD.sentence in page.by_id["alarm"]


def test_a_page_that_could_not_look_at_the_lake_says_since_when_and_why(client, watched):
    watched.refreshed_at = NOW - timedelta(seconds=11)
    watched.problem = "the disk is gone"
    page = read(client.get("/").text)
    assert "has not been able to read the lake since 20 Mar 2026, 13:36:54" in page.by_id["alarm"]
    assert "the disk is gone" in page.by_id["alarm"]


def test_an_empty_workspace_says_what_is_missing(client, watched):
    watched.snapshot = empty_snapshot()
    page = read(client.get("/").text)
    for words in ("No message has arrived yet", "No campaigns yet", "No signals", "No targets", "Nothing has happened"):
        assert words in page.text
    assert "nothing is published yet" in page.by_id["honesty"]


def test_the_orders_behind_a_number_are_asked_for_as_they_were_linked(client, watched):
    page = read(client.get("/campaigns/spring", params={"model": "linear"}).text)
    links = {given.get("id"): given["href"] for given in page.of("a")}
    assert client.get(str(links["new_customer_orders-inf-001"])).status_code == 200
    query = watched.queries[-1]
    assert (query.campaign_id, query.influencer_id, query.model, query.only) == ("spring", "inf-001", "linear", "new")
    assert (query.offset, query.limit) == (0, 100)


def test_a_list_of_orders_has_pages_of_a_hundred(client, watched):
    page = read(client.get("/orders", params={"page": 3}).text)
    assert watched.queries[-1].offset == 200
    assert "250 orders, the newest first; page 3 of 3" in page.text
    assert "/orders?page=2" in page.hrefs
    assert "/orders?page=4" not in page.hrefs


def test_an_order_shows_its_claims_its_split_and_what_is_odd(client):
    page = read(client.get("/orders/o-00001").text)
    told = explanation()
    for words in (
        "won: because it is so",
        "outranked: because it is so",
        "set by the code",
        "restate",
        "More was refunded",
    ):
        assert words in page.text
    assert page.text.count(f"{told.net}") >= len(MODELS)
    assert "not the net" not in page.text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/?model=loudest", 400, "model cannot be 'loudest'; it is one of policy"),
        ("/?sort=shoe_size", 400, "sort cannot be"),
        ("/?colour=red", 400, "there is no parameter 'colour'"),
        ("/?q=a&q=b", 400, "given twice"),
        (f"/?q={'x' * 201}", 400, "longer than 200"),
        ("/orders?since=yesterday", 400, "since cannot be"),
        ("/orders?page=0", 400, "pages are counted from 1"),
        ("/orders?page=%D9%A1", 400, "pages are counted from 1"),
        ("/campaigns/nowhere", 404, "there is no campaign 'nowhere'"),
        ("/orders?campaign=nowhere", 404, "there is no campaign 'nowhere'"),
        ("/orders/nothing", 404, "there is no order nothing"),
        ("/nothing", 404, "nothing is to be found"),
        ("/static/../app.py", 404, "nothing is to be found"),
        ("/api/influencers?model=x", 400, "model cannot be"),
        ("/api/pacing?modle=x", 400, "there is no parameter 'modle'"),
        ("/api/campaigns/nowhere", 404, "there is no campaign"),
        ("/downloads/people.csv", 404, "there is no such file"),
    ],
)  # fmt: skip
def test_what_there_is_not_is_said_in_words(client, path, status, words):
    answer = client.get(path)
    assert answer.status_code == status
    said = answer.json()["error"] if path.startswith("/api/") else read(answer.text).text
    assert words.casefold() in said.casefold()
    assert "Traceback" not in answer.text


def test_a_lake_that_cannot_be_read_is_503_in_words(client, watched):
    def orders(_query):
        raise LakeUnavailable("the lake is away: mount it again")

    watched.orders = orders
    answer = client.get("/orders")
    assert answer.status_code == 503
    assert "mount it again" in answer.text


def test_a_mistake_of_the_page_shows_no_trace(open_client, watched):
    watched.orders = lambda query: 1 / 0
    answer = open_client(raises=False).get("/orders")
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text


def test_ids_with_any_character_in_them_lead_to_their_pages(client, watched):
    strange = "a/b?c#d&e %2F\u202e<i>"
    made = snapshot(2)
    every, spring, run = made.campaigns
    watched.snapshot = replace(made, campaigns=(every, replace(spring, campaign_id=strange), run))
    assert f"/campaigns/{quote(strange, safe='')}" in read(client.get("/").text).hrefs
    assert read(client.get(f"/campaigns/{quote(strange, safe='')}").text).of("h1") != []


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "'; drop table orders;--",
    "=cmd()|' /C calc'!A0",
    "a\u202eb",
    "x" * 128,
    '"><script>',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_as_text(client, watched, text):
    watched.snapshot = with_row(handle=text, name=text, influencer_id=text, platform=text, tier=text, content_type=text)
    page = read(client.get("/campaigns/spring").text)
    assert page.of("img") == []
    assert all(script.get("src") for script in page.of("script"))
    shown = text.replace("\u202e", r"\u202e")
    assert shown in page.by_id["influencer-table"]


def test_every_route_only_reads(client):
    for route in client.app.routes:
        assert isinstance(route, Mount) or (isinstance(route, Route) and route.methods == {"GET", "HEAD"})


def test_health_is_good_while_the_lake_is_looked_at(client, watched):
    assert client.get("/healthz").status_code == 200
    watched.refreshed_at = NOW - timedelta(seconds=11)
    client.app.state.site._standing = None
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert "2026-03-20T13:36:54Z" in answer.text


def test_what_the_page_measures_is_there_for_prometheus(client):
    client.get("/formulas")
    lines = client.get("/metrics").text.splitlines()
    assert 'codetrail_page_requests_total{route="formulas",status="200"}' in {line.rpartition(" ")[0] for line in lines}
    assert "codetrail_page_snapshot_age_seconds 0.0" in lines
    assert {line for line in lines if line.startswith("codetrail_page_refresh_duration_seconds_count")}
