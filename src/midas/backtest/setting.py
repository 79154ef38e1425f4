"""Where accounts live: a panel, its venue, and the terms they trade on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from midas.core.money import Money
from midas.execution.conditions import Conditions, conditions
from midas.execution.terms import AccountTerms
from midas.marketdata.panel import Panel
from midas.venues.arrays import rule_arrays
from midas.venues.catalogue import venue
from midas.venues.venue import Venue


@dataclass(frozen=True, slots=True)
class Setting:
    """What every account of one question has in common."""

    panel: Panel
    market: Venue
    terms: AccountTerms
    world: Conditions

    @classmethod
    def of(cls, panel: Panel, terms: AccountTerms) -> Setting:
        market = venue(panel.venue, panel.currency)
        days = panel.sessions if panel.stamps is None else panel.sessions[panel.begins]
        return cls(panel, market, terms, conditions(panel, rule_arrays(market, panel.instruments, days), terms))

    def paid(self, capital: Money | None) -> Setting:
        """Return the same with this capital; None leaves it as it is."""
        return self if capital is None else replace(self, terms=replace(self.terms, capital=capital))
