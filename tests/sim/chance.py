"""What a seed decides: how the broker is, what goes wrong, and how often."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from midas.core.order import OrderKind, TimeInForce
from midas.execution.broker import Capabilities, ClientIds

PLAIN = Capabilities(ClientIds.UNIQUE, frozenset(OrderKind), frozenset(TimeInForce), orders_per_s=20, cancels_per_s=20)

PROFILES = (
    PLAIN,
    replace(PLAIN, client_ids=ClientIds.LABEL),
    replace(PLAIN, client_ids=ClientIds.NONE),
    replace(PLAIN, client_ids=ClientIds.NONE, cumulative_fills=True),
    replace(PLAIN, client_ids=ClientIds.LABEL, cumulative_fills=True, streams=False),
)
"""In the ways brokers differ: one that refuses a second id, one that repeats it, two that keep none."""

SUBMIT_FAULTS = (
    "not_sent",
    "reject",
    "lost",
    "lost_slowly",
    "accepted_no_answer",
    "accepted_500",
    "accepted_garbage",
    "accepted_no_number",
    "reset",
    "too_many",
    "late",
    "too_late",
    "slow",
)
CANCEL_FAULTS = ("not_sent", "lost", "done_no_answer", "too_many", "slow", "fill_slips_in", "fill_untold")


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each thing is, per call, per message or per step.

    behind : an execution is told seconds after the order it is of, so that a cancel is told before it. hidden : an
    order gets no answer and is at work where nobody sees it, until after it was given up.
    """

    submit: float
    cancel: float
    read: float
    empty: float
    drop: float
    double: float
    delay: float
    disconnect_s: float
    bust: float
    crash: float
    unavailable: float
    unanswered: float
    stall: float
    outage: float
    behind: float
    hidden: float = 0.0

    @classmethod
    def of(cls, rng: Random, of_late: Random) -> Chances:
        """Return the chances of a seed: each kind of trouble is there in some and absent in others."""

        def maybe(most: float) -> float:
            return most * rng.random() if rng.random() < 0.6 else 0.0

        return cls(
            submit=maybe(0.7),
            cancel=maybe(0.6),
            read=maybe(0.3),
            empty=maybe(0.1),
            drop=maybe(0.4),
            double=maybe(0.4),
            delay=maybe(0.6),
            disconnect_s=rng.choice((5.0, 30.0, 1e9)),
            bust=maybe(0.15),
            crash=maybe(0.02),
            unavailable=maybe(0.004),
            unanswered=maybe(0.008),
            stall=maybe(0.004),
            outage=maybe(0.6),
            behind=maybe(0.7),
            hidden=of_late.uniform(0.1, 0.6) if of_late.random() < 0.3 else 0.0,
        )


CALM = Chances(*([0.0] * 7), 1e9, *([0.0] * 7))
"""Nothing goes wrong any more."""
