"""A diagnosis: what is here, what is missing, and how to get it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `next_step` says what to do unless it is fine.

    What is not `required` may be missing: something that this workspace can do without.
    """

    subject: str
    state: State
    told: str
    next_step: str | None = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings of one look; `is_healthy` if nothing required is missing."""

    findings: tuple[Finding, ...]
    is_healthy: bool
