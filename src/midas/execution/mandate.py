"""What a run is to do, for which account, and with what."""

from __future__ import annotations

from dataclasses import dataclass, field

from midas.execution.broker import Capabilities
from midas.execution.styles import Style
from midas.execution.terms import AccountTerms
from midas.marketdata.ground import Ground
from midas.risk.limits import Limits
from midas.strategies.exits import Exit

TARGET = "target"
"""Leg of an order that follows a target."""


@dataclass(frozen=True, slots=True)
class Mandate:
    """A run's account, market, terms, limits and broker.

    by_change : names are traded when their own target changes, not on a schedule. exits : what closes positions
    between two targets. first : the row of the first decision; those before warm up. limits : all of them hold. live :
    whether real money moves. style : how orders that follow a target are brought to market.
    """

    account: str
    run: str
    strategy: str
    ground: Ground
    terms: AccountTerms
    broker: Capabilities
    by_change: bool
    exits: tuple[Exit, ...] = ()
    first: int = 0
    limits: tuple[Limits, ...] = field(default_factory=lambda: (Limits(),))
    live: bool = False
    style: Style = field(default_factory=Style)
