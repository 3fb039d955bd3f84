"""View: what a reader asks a page to show: a campaign, a model, an order of rows, filters."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import quote, urlencode

from pipelines.failures import BadInput
from pipelines.monitor.columns import INFLUENCERS
from pipelines.rules.models import MODELS

SPELLS = ("minute", "hour", "day")
ORDERS = ("desc", "asc")
SORTS = tuple(column.name for column in INFLUENCERS)
FILTERS = ("tier", "platform", "content_type", "q")
LONGEST_TEXT = 200  # characters of a filter

_CHOICES = {"model": MODELS, "sort": SORTS, "order": ORDERS, "by": SPELLS}


class WrongQuery(BadInput):
    """A request asks for what there is not: its message names the parameter and what it may be."""


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a snapshot; what two readers view alike is rendered once."""

    campaign_id: str | None = None
    model: str = "policy"
    sort: str = "net_revenue"
    order: str = "desc"
    tier: str | None = None
    platform: str | None = None
    content_type: str | None = None
    q: str | None = None
    by: str = "hour"

    @property
    def is_filtered(self) -> bool:
        return any(getattr(self, name) for name in FILTERS)

    def query(self, **changes: Any) -> str:
        """The parameters that are not as a page has them anyhow, as a query with its question mark, or nothing."""
        wanted = replace(self, **changes)
        given = {f.name: getattr(wanted, f.name) for f in fields(self) if f.name != "campaign_id"}
        asked = urlencode({name: value for name, value in given.items() if value not in (None, DEFAULTS[name])})
        return f"?{asked}" if asked else ""

    def href(self, **changes: Any) -> str:
        """Where this view, or one that differs in the changes, is to be seen."""
        wanted = replace(self, **changes)
        return campaign_path(wanted.campaign_id) + wanted.query()

    def sorted_by(self, name: str) -> "View":
        """Sorted by that column, the other way round where it is already: numbers begin with the largest."""
        if name == self.sort:
            return replace(self, order="asc" if self.order == "desc" else "desc")
        is_text = next(column for column in INFLUENCERS if column.name == name).kind == "text"
        return replace(self, sort=name, order="asc" if is_text else "desc")


DEFAULTS = {f.name: f.default for f in fields(View)}


def campaign_path(campaign_id: str | None) -> str:
    return "/" if campaign_id is None else f"/campaigns/{quote(campaign_id, safe='')}"


def view_of(campaign_id: str | None, parameters: Iterable[tuple[str, str]]) -> View:
    """The view that a request's parameters ask for; raises WrongQuery for a name or a value that there is not."""
    given = once(parameters, {f.name for f in fields(View)} - {"campaign_id"})
    for name, choices in _CHOICES.items():
        chosen(given, name, choices)
    return View(campaign_id, **given)


def chosen_campaign(parameters: Iterable[tuple[str, str]]) -> tuple[str | None, list[tuple[str, str]]]:
    """The campaign that the parameters name, and the other ones; raises WrongQuery if it is named twice."""
    every = list(parameters)
    named = [value for name, value in every if name == "campaign"]
    if len(named) > 1:
        raise WrongQuery("the parameter campaign is given twice; give it once")
    return (named[0] if named else None), [(name, value) for name, value in every if name != "campaign"]


def once(parameters: Iterable[tuple[str, str]], allowed: Iterable[str]) -> dict[str, str]:
    """The parameters by name, without the empty ones; raises WrongQuery for an unknown, doubled or long one."""
    given: dict[str, str] = {}
    known = sorted(allowed)
    for name, value in parameters:
        if name not in known:
            raise WrongQuery(f"there is no parameter {name!r}; there are {', '.join(known) or 'none'}")
        if name in given:
            raise WrongQuery(f"the parameter {name} is given twice; give it once")
        if len(value) > LONGEST_TEXT:
            raise WrongQuery(f"the parameter {name} is longer than {LONGEST_TEXT} characters; shorten it")
        given[name] = value.strip()
    return {name: value for name, value in given.items() if value}


def chosen(given: dict[str, str], name: str, choices: Iterable[str]) -> str | None:
    """The parameter's value if it is one of the choices; raises WrongQuery for another, null where it is absent."""
    value = given.get(name)
    if value is not None and value not in choices:
        raise WrongQuery(f"{name} cannot be {value!r}; it is one of {', '.join(choices)}")
    return value
