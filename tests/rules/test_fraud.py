"""Fraud: which clicks no person made."""

import pytest

from pipelines.rules.fraud import LINK_PREVIEW_AGENTS, is_bot

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
DESKTOP = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("agent", "method", "bot"),
    [
        pytest.param(PHONE, "GET", False, id="a phone"),
        pytest.param(DESKTOP, None, False, id="a desktop, method unsaid"),
        pytest.param(f"{PHONE} Instagram 330.0.0.0", "GET", False, id="an app's own browser is a person's"),
        pytest.param(
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "GET", True, id="crawler"
        ),
        pytest.param("WhatsApp/2.23.20.0 A", "GET", True, id="a messenger's preview"),
        pytest.param("facebookexternalhit/1.1", "GET", True, id="a network's preview"),
        pytest.param("curl/8.4.0", "GET", True, id="a command line"),
        pytest.param(PHONE, "HEAD", True, id="a HEAD request"),
        pytest.param(PHONE, "head", False, id="exactly HEAD, not head"),
        pytest.param(None, "HEAD", True, id="HEAD without an agent"),
        pytest.param(None, None, False, id="no agent is no bot"),
    ],
)
def test_who_clicked(agent, method, bot):
    assert is_bot(agent, method) is bot


@pytest.mark.parametrize("agent", LINK_PREVIEW_AGENTS)
def test_every_shipped_link_preview_agent_is_a_bot(agent):
    assert is_bot(f"{agent}1.0", "GET")
