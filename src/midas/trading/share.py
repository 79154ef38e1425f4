"""What an account gets or does as a whole, parted among the runs that hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from midas.core.order import Fill
from midas.execution.broker import CashMove

_FRACTION = Decimal("1e-9")
"""The smallest part of a share that is told apart."""


@dataclass(frozen=True, slots=True)
class Share:
    """One run's part: it has `mine` of `whole`, and those listed ahead of it have `before`.

    A part is what is due up to and with the run less what is due before it, so that no cent and no share is lost.
    """

    before: Decimal
    mine: Decimal
    whole: Decimal

    def of_move(self, move: CashMove) -> CashMove:
        """Return the part of money or shares that moved without an order."""
        quantity = None if move.quantity is None else move.quantity * self.mine / self.whole
        return replace(move, amount=self._cents(move.amount), quantity=quantity)

    def of_fill(self, fill: Fill) -> Fill:
        """Return the part of an execution of the broker's own order; of whole shares each gets whole ones."""
        unit = Decimal(1) if fill.quantity == int(fill.quantity) else _FRACTION
        up_to, ahead = ((fill.quantity * part / self.whole).quantize(unit, ROUND_DOWN) for part in self._parts)
        value, commission, tax = (self._cents(amount) for amount in (fill.value, fill.commission, fill.tax))
        return replace(fill, quantity=up_to - ahead, value=value, commission=commission, tax=tax)

    def _cents(self, amount: int) -> int:
        up_to, ahead = (int(amount * part / self.whole) for part in self._parts)
        return up_to - ahead

    @property
    def _parts(self) -> tuple[Decimal, Decimal]:
        return self.before + self.mine, self.before


def share_of(held: Mapping[str, Decimal], run: str) -> Share | None:
    """Return a run's part by what each run holds; None where it has none. One run alone has all of it."""
    if len(held) == 1:
        return Share(Decimal(0), Decimal(1), Decimal(1))
    whole, mine = sum(held.values(), Decimal(0)), held[run]
    if not whole or not mine:
        return None
    ahead = list(held)[: list(held).index(run)]
    return Share(sum((held[name] for name in ahead), Decimal(0)), mine, whole)
