"""Fraud: which clicks no person made."""

from functools import lru_cache

from crawleruseragents import is_crawler

from pipelines.rules.agents import is_programs_agent

LINK_PREVIEW_AGENTS = (
    "WhatsApp/",
    "facebookexternalhit",
    "Facebot",
    "Twitterbot",
    "Slackbot",
    "Slack-ImgProxy",
    "TelegramBot",
    "Discordbot",
    "LinkedInBot",
    "SkypeUriPreview",
    "MicrosoftPreview",
    "Viber/",
    "Snap URL Preview Service",
    "kakaotalk-scrap",
    "Line-LinkPreview",
    "vkShare",
    "redditbot",
    "Pinterestbot",
    "Iframely",
    "Embedly",
    "Mastodon/",
    "Bluesky Cardyb",
    "Google-PageRenderer",
)
"""What messengers and networks send when they fetch a shared link to draw its preview."""


def is_bot(user_agent: str | None, http_method: str | None) -> bool:
    """Whether a click was made by a machine: its agent is a bot's, or it asked for the page's head only.

    Decided on the agent as sent. No agent is no bot.
    """
    return http_method == "HEAD" or (user_agent is not None and is_bot_agent(user_agent))


@lru_cache(maxsize=65_536)
def is_bot_agent(user_agent: str) -> bool:
    """Whether an agent is a listed crawler's or link preview's, or says by itself that a program sent it."""
    return is_listed(user_agent) or is_programs_agent(user_agent)


def is_listed(user_agent: str) -> bool:
    return any(agent in user_agent for agent in LINK_PREVIEW_AGENTS) or is_crawler(user_agent)
