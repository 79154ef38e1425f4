"""What a run needs before it may trade real money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PAPER_DAYS: Final = 20
"""Days on which the same strategy must have ordered on paper first."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is known of a run on a live account.

    confirmed : a person said that real money is meant. limited : someone set the account's limits. paper_days : days of
    the machine's calendar on which the same graph ordered on paper. broker : the account's; adapters : the brokers this
    installation can speak to.
    """

    confirmed: bool
    limited: bool
    paper_days: int
    broker: str
    adapters: frozenset[str]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing in the way: a code for programs, why, and what to do next."""

    code: str
    why: str
    next: str


def obstacles(known: Readiness) -> tuple[Obstacle, ...]:
    """Return all that is in the way, what takes longest to remove first; empty where it may be armed."""
    found: list[Obstacle] = []
    if known.broker not in known.adapters:
        installed = ", ".join(sorted(known.adapters)) or "none"
        why = f"this installation cannot speak to the broker {known.broker!r} (adapters: {installed})"
        found.append(Obstacle("no_adapter", why, "Trade a paper account until an adapter for it is installed."))
    if known.paper_days < PAPER_DAYS:
        why = f"the strategy ordered on paper on {known.paper_days} days, {PAPER_DAYS} are needed"
        found.append(Obstacle("paper_days_missing", why, "Go on with `midas run start --account paper`."))
    if not known.limited:
        found.append(
            Obstacle("limits_missing", "nobody set the account's limits", "Set them with `midas risk limits`.")
        )  # fmt: skip
    if not known.confirmed:
        found.append(Obstacle("live_not_confirmed", "this would be real money", "Add --yes to mean it."))
    return tuple(found)
