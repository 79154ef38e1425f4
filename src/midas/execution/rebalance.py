"""From a decision to orders: what the compiled `decide` step put on order, as wishes in their sequence.

Sells first, then buys by falling weight, then by instrument; quantities are fixed from the close of the decision, in
whole lots. What is due, what exits hold back and what is too small was settled by the step itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from midas.core.order import Side
from midas.kernels.account import ORDERED, ORDERS, WANTED, WEIGHT, Account


@dataclass(frozen=True, slots=True)
class Wish:
    """A trade an account wants: shares of a column, and the target weight behind it.

    limit, stop : the price it is not to be worse than, or begins at; it then waits until it is filled or called off.
    """

    column: int
    side: Side
    quantity: float
    weight: float
    limit: Decimal | None = None
    stop: Decimal | None = None

    @property
    def waits(self) -> bool:
        return self.limit is not None or self.stop is not None


def wishes(account: Account) -> Sequence[Wish]:
    """Return what an account has on order, in its sequence."""
    ordered = int(account.counts[ORDERED])
    columns = account.lists[ORDERS, :ordered].tolist()
    wanted = account.state[WANTED, columns].tolist()
    weights = account.state[WEIGHT, columns].tolist()
    return [
        Wish(column, Side.BUY if quantity > 0.0 else Side.SELL, abs(quantity), weight)
        for column, quantity, weight in zip(columns, wanted, weights, strict=True)
    ]
