"""The rules in plain Python, for peers that call a function for each event: whose a code or link is, and who wins."""

import csv
import unicodedata
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl

WINDOW = timedelta(days=30)
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
ALWAYS = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


class Claim(NamedTuple):
    """One influencer's case for one order; without a reason it is valid."""

    kind: str
    claim_id: str
    occurred_at: datetime
    influencer_id: str | None
    campaign_id: str | None
    reason: str | None
    code: str = ""
    policy: str = "code_wins"


class Reference:
    """Codes, links and influencers of a folder of CSV files."""

    def __init__(self, folder: str) -> None:
        self.codes = defaultdict(list)
        for row in _rows(folder, "codes"):
            self.codes[normalised(row["code"])].append(row)
        self.links = _rows(folder, "links")
        self.by_id = defaultdict(list)
        for row in self.links:
            row["utm"] = {name: value for name in UTM if (value := row[name].strip().casefold())}
            self.by_id[row["link_id"]].append(row)
        self.customers = {row["influencer_id"]: row["customer_id"] for row in _rows(folder, "influencers")}
        self.matches = lru_cache(65_536)(self._matches)

    def code_claim(self, claim_id: str, at: datetime, typed: str, ordered_at: datetime) -> Claim:
        code = normalised(typed)
        rows = self.codes.get(code)
        if rows is None:
            return Claim("code", claim_id, at, None, None, "unknown_code", code)
        for row in rows:
            if row["valid_from"] <= ordered_at < row["valid_to"]:
                reason = "code_compromised" if row["compromised_at"] <= ordered_at else None
                policy = row["credit_policy"] or "code_wins"
                return Claim("code", claim_id, at, row["influencer_id"], row["campaign_id"], reason, code, policy)
        is_early = ordered_at < min(row["valid_from"] for row in rows)
        return Claim("code", claim_id, at, None, None, "code_not_started" if is_early else "code_expired", code)

    def click_claim(self, claim_id: str, at: datetime, link_id: str | None, url: str, is_bot: bool) -> Claim | None:
        """The click's claim on any order of its visitor; None if no link row matches."""
        rows = self.matches(link_id, url)
        if not rows:
            return None
        held = [row for row in rows if row["valid_from"] <= at < row["valid_to"]]
        if len(held) != 1:
            return Claim("link", claim_id, at, None, None, "ambiguous_link" if held else "link_not_valid")
        return Claim("link", claim_id, at, held[0]["influencer_id"], held[0]["campaign_id"], "bot" if is_bot else None)

    def _matches(self, link_id: str | None, url: str) -> list[dict]:
        if link_id in self.by_id:
            return self.by_id[link_id]
        query = url.partition("#")[0].partition("?")[2]
        said = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            said.setdefault(name, value.strip().casefold())
        found = [row for row in self.links if row["utm"] and row["utm"].items() <= said.items()]
        most = max((len(row["utm"]) for row in found), default=0)
        return [row for row in found if len(row["utm"]) == most]


@lru_cache(65_536)
def normalised(code: str) -> str:
    compatible = unicodedata.normalize("NFKC", code)
    return "".join(c for c in compatible if not c.isspace() and unicodedata.category(c) != "Cf").casefold()


def judged(claims: list[Claim], customer_id: str | None, customers: dict[str, str]) -> list[tuple]:
    """Each claim as `kind, claim_id, influencer_id, campaign_id, valid, reason, is_winner`."""
    claims = [
        claim._replace(reason="self_purchase")
        if claim.reason is None and customer_id and customers.get(claim.influencer_id) == customer_id
        else claim
        for claim in claims
    ]
    codes = [claim for claim in claims if claim.kind == "code" and claim.reason is None]
    clicks = [claim for claim in claims if claim.kind == "link" and claim.reason is None]
    leading = min(codes, key=lambda claim: (claim.occurred_at, claim.code, claim.claim_id), default=None)
    last = max(clicks, key=lambda claim: (claim.occurred_at, claim.claim_id), default=None)
    involved = {claim.influencer_id for claim in clicks}
    policy = leading.policy if leading else "code_wins"
    if policy == "code_wins":
        winner = leading or last
    elif policy == "link_wins":
        winner = last or leading
    elif policy == "if_involved":
        winner = leading if leading.influencer_id in involved else last
    else:
        winner = last
    return [
        (*claim[:2], *claim[3:5], claim.reason is None, _reason(claim, winner, policy, involved), claim is winner)
        for claim in claims
    ]


def _reason(claim: Claim, winner: Claim | None, policy: str, involved: set[str | None]) -> str:
    if claim.reason is not None:
        return claim.reason
    if claim is winner:
        return "won"
    asks_for_click = policy == "if_involved" and claim.influencer_id not in involved
    return "not_involved" if claim.kind == "code" and (policy == "if_winner" or asks_for_click) else "outranked"


def _rows(folder: str, name: str) -> list[dict]:
    with Path(folder, f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for column, open_end in (("valid_from", ALWAYS), ("valid_to", NEVER), ("compromised_at", NEVER)):
            if column in row:
                row[column] = datetime.fromisoformat(row[column]) if row[column] else open_end
    return rows
