"""Grids of allowed prices."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from midas.core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Ladder:
    """Price steps: `ticks[k]` holds for prices from `floors[k]` on; every floor lies on the grid below it too."""

    floors: tuple[Decimal, ...]
    ticks: tuple[Decimal, ...]

    def __post_init__(self) -> None:
        if self.floors[0] != 0 or list(self.floors) != sorted(set(self.floors)):
            raise ValueError(f"floors must ascend from 0: {self.floors}")
        for floor, below, tick in zip(self.floors[1:], self.ticks, self.ticks[1:], strict=False):
            if floor % below or floor % tick:
                raise ValueError(f"{floor} does not lie on the steps that meet there")

    def tick(self, price: Decimal) -> Decimal:
        """Return the step at `price`.

        Raises
        ------
        InvalidInput: the price is negative or not finite.
        """
        if not price.is_finite() or price < 0:
            raise InvalidInput(f"{price} is not a price.", hint="Use a number of at least 0.", code="bad_price")
        return self.ticks[bisect_right(self.floors, price) - 1]

    def rounded(self, price: Decimal, *, up: bool) -> Decimal:
        """Return the nearest grid price not below (`up`) or not above `price`."""
        tick = self.tick(price)
        return (price / tick).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR) * tick
