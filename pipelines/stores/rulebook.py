"""The rulebook: the reference data and the settings that decide, as the rules want to be asked."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from pipelines.failures import BadInput
from pipelines.rules.attribution import Rules
from pipelines.rules.codes import CodeAssignment, CodeRoster, OverlappingCodes
from pipelines.rules.decoding import EPOCH, MICROSECOND
from pipelines.rules.links import UTM, LinkAssignment
from pipelines.rules.money import Exchange
from pipelines.settings import Settings
from pipelines.stores.reference import Reference

FIRST_DAY = date(1970, 1, 1)
DECIDING = ("influencers", "codes", "links", "fx_rates")
"""The tables that an attribution is a function of; what the others say is reckoned with later."""


@dataclass(frozen=True)
class Rulebook:
    """The rules of one reference version; `links` in the order in which clicks are resolved to their places."""

    rules: Rules
    links: list[LinkAssignment]
    reference_version: str


def rulebook(reference: Reference, settings: Settings) -> Rulebook:
    """What decides under this reference data and these settings; raises BadInput where codes overlap."""
    version = hashlib.sha256(f"{reference.digest}\n{settings.deciding()}".encode()).hexdigest()[:16]
    return rulebook_of(reference.tables, settings, version)


def rulebook_of(reference: Mapping[str, pa.Table], settings: Settings, version: str) -> Rulebook:
    """What decided under the tables of a version; raises BadInput where codes overlap."""
    tables = {name: reference[name].to_pylist() for name in DECIDING}
    try:
        roster = CodeRoster(_code(row) for row in tables["codes"])
    except OverlappingCodes as error:
        raise BadInput(f"codes: {error}") from error
    rules = Rules(
        codes=roster,
        exchange=Exchange(settings.reporting_currency, _rates(tables["fx_rates"])),
        own_customer={row["influencer_id"]: row["customer_id"] for row in tables["influencers"] if row["customer_id"]},
        policy=settings.policy,
        window=settings.window,
        half_life=settings.half_life,
        path_transform=settings.path_transform,
        suspicious_clicks=settings.suspicious_clicks,
    )
    return Rulebook(rules, [_link(row) for row in tables["links"]], version)


def _code(row: dict[str, Any]) -> CodeAssignment:
    return CodeAssignment(
        code=row["code"],
        influencer_id=row["influencer_id"],
        campaign_id=row["campaign_id"],
        valid_from=_micros(row["valid_from"]),
        valid_to=_micros(row["valid_to"]),
        credit_policy=row["credit_policy"],
        compromised_at=_micros(row["compromised_at"]),
    )


def _link(row: dict[str, Any]) -> LinkAssignment:
    return LinkAssignment(
        link_id=row["link_id"],
        influencer_id=row["influencer_id"],
        campaign_id=row["campaign_id"],
        utm=tuple(row[f"utm_{name}"] or "" for name in UTM),
        valid_from=_micros(row["valid_from"]),
        valid_to=_micros(row["valid_to"]),
    )


def _rates(rows: list[dict[str, Any]]) -> dict[str, list[tuple[int, Any]]]:
    rates: dict[str, list[tuple[int, Any]]] = {}
    for row in rows:
        rates.setdefault(row["currency"], []).append(((row["rate_date"] - FIRST_DAY).days, row["rate"]))
    return rates


def _micros(instant: datetime | None) -> int | None:
    return None if instant is None else (instant.astimezone(UTC) - EPOCH) // MICROSECOND
