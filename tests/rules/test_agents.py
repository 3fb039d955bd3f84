"""Agents: which say by themselves that no person's browser sent them, though no list has them yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.labelled_agents import halves, matomo
from pipelines.rules.agents import is_programs_agent
from pipelines.rules.fraud import is_listed

LEAST_RECALL = 0.9
MOST_FALSE_POSITIVES = 0.001
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22D72"


@pytest.fixture(scope="module")
def unlisted():
    """Of Matomo's bots and people those that no shipped list has, each in the half to choose by and to judge by."""
    return [halves(agent for agent in agents if not is_listed(agent)) for agents in matomo()]


@pytest.mark.parametrize("half", [0, 1], ids=["the half to choose by", "the half to judge by"])
def test_bots_of_no_list_are_known_and_people_are_not_taken_for_them(unlisted, half):
    bots, people = (halved[half] for halved in unlisted)
    assert sum(map(is_programs_agent, bots)) / len(bots) >= LEAST_RECALL
    assert sum(map(is_programs_agent, people)) / len(people) <= MOST_FALSE_POSITIVES


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param(f"{IPHONE} Instagram 370.0.0.26.81 (iPhone15,2; iOS 18_3; en_US; scale=3.00)", id="Instagram"),
        pytest.param(f"{IPHONE} musical_ly_38.6.0 JsSdk/2.0 NetType/WIFI Channel/App Store", id="TikTok"),
        pytest.param(f"{IPHONE} [FBAN/FBIOS;FBAV/239.0;FBCR/Telekom.de;FBID/phone]", id="Facebook"),
        pytest.param("[FBAN/FB4A;FBAV/80.0.0.21.65;FBPN/com.facebook.katana;FBDV/LG-K10]", id="Facebook on its own"),
        pytest.param(f"{IPHONE} WhatsApp/24.5", id="WhatsApp's web view"),
        pytest.param(f"Mozilla/5.0 (Linux; Android 8.1.0; CUBOT_NOVA Build/O11019) {WEBKIT}", id="a phone named CUBOT"),
        pytest.param(f"Mozilla/5.0 (Linux; Android 13; Spider 8) {WEBKIT}", id="a tablet named Spider"),
        pytest.param(f"Mozilla/5.0 (Linux; U; Android 4.4; en-us; M bot 60) {WEBKIT}", id="a name after a language"),
        pytest.param(f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT}", id="a Chromebook"),
        pytest.param("Mozilla/5.0", id="the least that a browser says"),
        pytest.param("14", id="what privacy tools leave"),
        pytest.param("Nokia5130c-2/2.0 (07.97) Profile/MIDP-2.1 Configuration/CLDC-1.1", id="a plain phone"),
        pytest.param("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; .NET CLR 3.5.30729)", id="an old browser"),
    ],
)
def test_a_persons_agent(agent):
    assert not is_programs_agent(agent)


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param("Mozilla/5.0 (compatible; NewThing-Bot/0.1)", id="a task"),
        pytest.param(f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} LinkScanner", id="a task after a whole browser"),
        pytest.param(f"Mozilla/5.0 (Linux; Android 13; Spider 8) {WEBKIT} Spider", id="a task beside a device"),
        pytest.param(f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} (+https://who.example/we)", id="a page to ask at"),
        pytest.param("HTTPie-like (ops@who.example)", id="an address to write to"),
        pytest.param("python-newlib/1.0", id="a library"),
        pytest.param("Zeus", id="nothing that a browser says"),
        pytest.param("Mozilla/5.0 (compatible; Dormouse/1.0)", id="nothing but a name"),
    ],
)
def test_a_programs_agent(agent):
    assert is_programs_agent(agent)


@given(st.text(max_size=200), st.sampled_from(["", "Android 9; ", "Mozilla/5.0 (", "bot", "://"]))
def test_any_text_has_an_answer_whatever_its_case(text, before):
    agent = before + text
    assert is_programs_agent(agent) is is_programs_agent(agent.lower())
