"""What influencers were lent and made: codes, tracked links and posts, with their real-life troubles."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote_plus

import numpy as np

from pipelines.simulate import vocabulary as words
from pipelines.simulate.captions import draw_caption
from pipelines.simulate.cast import Cast

BRIEFS = ("code", "link", "")  # what the caption of a post has to hold
ENTERED_AFTER = timedelta(days=8)
POLICIES = ("link_wins", "if_involved", "if_winner")
COLLAB = "collab"  # the utm_content that an agency gave to two influencers: nobody can tell their clicks apart
SLOTS = 10  # a click on a participation takes one of these at random, so a slot is a tenth of its clicks


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    participation: int
    valid_from: datetime | None
    valid_to: datetime | None
    credit_policy: str | None = None
    plan: str | None = None
    compromised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A tracked link; one with `utm` is clicked without its id."""

    link_id: str
    participation: int
    post_id: str | None
    utm: dict[str, str]
    valid_to: datetime | None

    @property
    def url(self) -> str:
        if not self.utm:
            return f"https://go.example/{self.link_id}"
        query = "&".join(f"{name}={quote_plus(value)}" for name, value in self.utm.items())
        return f"https://shop.example/lp?{query}"


@dataclass(frozen=True, slots=True)
class Post:
    post_id: str
    participation: int
    content_type: str
    posted_at: datetime
    paid: bool
    brief: str
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class Materials:
    """`codes[p]` is participation p's own code, what comes behind them changed hands.

    `slots[p]` are the positions in `links` that clicks on participation p take.
    """

    codes: list[Code]
    links: list[Link]
    slots: list[list[int]]
    posts: list[Post]
    leaked: int  # position in codes
    leaked_at: datetime
    handed_over: int  # the participation that lost its code to another
    handed_over_at: datetime


def draw_materials(rng: np.random.Generator, cast: Cast) -> Materials:
    former, heir = cast.of_campaign(0)[:2]
    handed_over_at = cast.starts_at + timedelta(days=cast.campaigns[0].from_day + 30)
    leaked = cast.of_campaign(1)[0]
    leaked_at = cast.starts_at + timedelta(days=cast.campaigns[1].from_day + 20, hours=9)

    codes = _codes(rng, cast)
    codes[leaked] = replace(
        codes[leaked], valid_to=None, credit_policy=None, compromised_at=leaked_at + timedelta(days=6)
    )
    codes.append(replace(codes[former], participation=heir, valid_from=handed_over_at, valid_to=None))
    codes[former] = replace(codes[former], valid_to=handed_over_at)
    posts = _posts(rng, cast)
    links, slots = _links(cast, posts)
    posts = [_with_caption(rng, cast, post, codes, links[slots[post.participation][0]]) for post in posts]
    return Materials(codes, links, slots, posts, leaked, leaked_at, former, handed_over_at)


def _codes(rng: np.random.Generator, cast: Cast) -> list[Code]:
    """One each, such as LENA10; every second ends with its campaign, every eighth has a policy of its own.

    The strongest of each campaign announce theirs before the shop has entered it.
    """
    early = {p for c in range(len(cast.campaigns)) for p in cast.of_campaign(c)[:1]}
    drawn: list[Code] = []
    taken: set[str] = set()
    for p in range(len(cast.participations)):
        campaign, first = cast.campaign_of(p), cast.influencer_of(p).name.split()[0].upper()
        percent = int(rng.choice((10, 15, 20, 20, 30)))
        spellings = (f"{first}{percent}", *(f"{first}{niche.upper()}{percent}" for niche in words.NICHES))
        code = next(spelling for spelling in (*spellings, f"{first}{p}X{percent}") if spelling not in taken)
        taken.add(code)
        drawn.append(
            Code(
                code=code,
                participation=p,
                valid_from=campaign.starts_at + ENTERED_AFTER * (p in early) if p % 3 or p in early else None,
                valid_to=campaign.ends_at if p % 2 else None,
                credit_policy=POLICIES[p // 8 % 3] if p % 8 == 5 else None,
                plan="percent-12" if p % 6 == 4 else None,
            )
        )
    return drawn


def _posts(rng: np.random.Generator, cast: Cast) -> list[Post]:
    """One to three each, in order of time; one in nine of those after the first was not paid for."""
    drawn: list[Post] = []
    for p in range(len(cast.participations)):
        influencer, campaign = cast.influencer_of(p), cast.campaign_of(p)
        days = sorted(rng.integers(0, max(1, campaign.days - 5), size=int(rng.integers(1, 4))))
        for turn, day in enumerate(days):
            drawn.append(
                Post(
                    post_id=f"post-{len(drawn) + 1:04}",
                    participation=p,
                    content_type=str(rng.choice(words.CONTENT_TYPES[influencer.platform])),
                    posted_at=campaign.starts_at + timedelta(days=int(day), minutes=int(rng.integers(420, 1320))),
                    paid=bool(rng.random() < 0.89) or turn == 0,
                    brief=BRIEFS[len(drawn) % len(BRIEFS)],
                )
            )
    return drawn


def _with_caption(rng: np.random.Generator, cast: Cast, post: Post, codes: list[Code], link: Link) -> Post:
    country, campaign = cast.influencer_of(post.participation).country, cast.campaign_of(post.participation)
    held = {"brand": campaign.brand, "code": codes[post.participation].code, "url": link.url}
    hashtag = campaign.hashtag if post.paid else None
    return replace(post, caption=draw_caption(rng, country, post.brief, hashtag, held))


def _links(cast: Cast, posts: Iterable[Post]) -> tuple[list[Link], list[list[int]]]:
    """Each has a link of its own and one by utm parameters only; two share one, and every fifth link ends.

    The first posts lead to these two, a third one to a link more.
    """
    posted: dict[int, list[str]] = {}
    for post in posts:
        posted.setdefault(post.participation, []).append(post.post_id)
    sharing = cast.of_campaign(2)[:2]
    links: list[Link] = []
    slots: list[list[int]] = []
    for p in range(len(cast.participations)):
        influencer, campaign = cast.influencer_of(p), cast.campaign_of(p)
        utm = {"utm_source": influencer.platform, "utm_medium": "influencer", "utm_campaign": campaign.name}
        handle = {"utm_content": influencer.handle.removeprefix("@")}
        ends = campaign.ends_at if p % 5 == 3 else None
        first, second, third = (*posted[p], None, None)[:3]
        mine = [(first, {}, ends), (second, utm | handle, None)]
        if third:
            mine.append((third, {}, None))
        if p % 4 == 1:  # fills one column more than its sibling, so the sibling does not match these clicks
            mine.append((None, utm | handle | {"utm_term": "bio"}, None))
        if p in sharing:
            mine.append((None, utm | {"utm_source": "agency", "utm_content": COLLAB}, None))
        at = len(links)
        links += [Link(f"lnk-{at + k + 1:04}", p, *link) for k, link in enumerate(mine)]
        rarer = [at + k for k in range(2, len(mine))]
        slots.append(([at] * 5 + [at + 1] * SLOTS)[: SLOTS - len(rarer)] + rarer)
    return links, slots


def spellings(code: str) -> tuple[str, ...]:
    """How shoppers type a code, in the order of `SPELLING_SHARES`; the last is another code by mistake."""
    mistyped = code.replace("0", "O", 1) if "0" in code else code[:-2] + code[-1] + "l"
    return (
        code,
        code.lower(),
        f" {code[:-2]} {code[-2:]} ",
        f"{code[:3]}\u200b{code[3:]}",
        "".join(chr(ord(letter) + 0xFEE0) for letter in code),  # full-width, as Japanese keyboards write it
        code.title(),
        mistyped,
    )
