"""What a node's numbers mean, so that prices of different bases never meet."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from midas.core.errors import StrategyInvalid


class Unit(StrEnum):
    """What a number is. Plain numbers go with anything; of the others only like goes with like."""

    NUMBER = "number"
    FLAG = "flag"
    PRICE = "adjusted price"
    RAW_PRICE = "raw price"
    VOLUME = "adjusted volume"
    RAW_VOLUME = "raw volume"
    MONEY = "money"


_PLAIN = frozenset({Unit.NUMBER, Unit.FLAG})
_ADJUSTED = frozenset({Unit.PRICE, Unit.VOLUME})
_RAW = frozenset({Unit.RAW_PRICE, Unit.RAW_VOLUME})


def same_basis(units: Sequence[Unit]) -> None:
    """Refuse adjusted and raw prices or volumes in one operation.

    Raises
    ------
    StrategyInvalid: both occur; splits and dividends would pass for moves of the market.
    """
    present = set(units)
    if present & _ADJUSTED and present & _RAW:
        names = " and ".join(sorted(present & (_ADJUSTED | _RAW)))
        raise StrategyInvalid(
            f"{names} do not mix: one is corrected for splits and dividends, the other is not.",
            hint="Use fields of one kind: close with open, raw_close with raw_open.",
            code="unit_mismatch",
        )


def like(units: Sequence[Unit]) -> Unit:
    """Return the unit of a sum, a minimum or a choice: that of whichever is not a plain number."""
    same_basis(units)
    kinds = sorted({unit for unit in units if unit not in _PLAIN})
    if len(kinds) > 1:
        raise StrategyInvalid(
            f"{' and '.join(kinds)} cannot be added or compared.",
            hint="Divide each by something of its own kind first, e.g. by its mean.",
            code="unit_mismatch",
        )
    return kinds[0] if kinds else Unit.NUMBER


def choice(units: Sequence[Unit]) -> Unit:
    """Return the unit of one of several values: a flag when all are flags, else as `like`."""
    return Unit.FLAG if set(units) == {Unit.FLAG} else like(units)


def chosen(units: Sequence[Unit]) -> Unit:
    """Return the unit of the first and third input; the second is the condition between them."""
    return choice([units[0], *units[2:]])


def comparison(units: Sequence[Unit]) -> Unit:
    """Return a flag, after checking that the inputs can be compared."""
    like(units)
    return Unit.FLAG


def product(units: Sequence[Unit]) -> Unit:
    """Return a product's unit: raw price by raw volume is money, a plain number changes nothing."""
    same_basis(units)
    kinds = [unit for unit in units if unit not in _PLAIN]
    if len(kinds) == 1:
        return kinds[0]
    return Unit.MONEY if set(kinds) == {Unit.RAW_PRICE, Unit.RAW_VOLUME} else Unit.NUMBER


def ratio(units: Sequence[Unit]) -> Unit:
    """Return a quotient's unit: like by like is a number, money by raw volume a raw price."""
    same_basis(units)
    above, below = units
    if below in _PLAIN:
        return Unit.NUMBER if above in _PLAIN else above
    return Unit.RAW_PRICE if (above, below) == (Unit.MONEY, Unit.RAW_VOLUME) else Unit.NUMBER


def kept(units: Sequence[Unit]) -> Unit:
    """Return the unit of the first input."""
    return units[0]


def measured(units: Sequence[Unit]) -> Unit:
    """Return the unit of the first input, a flag counting as the number 1."""
    return Unit.NUMBER if units[0] is Unit.FLAG else units[0]


def explained(units: Sequence[Unit]) -> Unit:
    """Return the unit of the first input as `measured` does, after checking the basis of all."""
    same_basis(units)
    return measured(units)


def number(units: Sequence[Unit]) -> Unit:
    """Return a plain number, after checking the basis."""
    same_basis(units)
    return Unit.NUMBER


def flag(units: Sequence[Unit]) -> Unit:
    """Return a flag, after checking the basis."""
    same_basis(units)
    return Unit.FLAG


def relative(units: Sequence[Unit]) -> Unit:
    """Return a plain number, after checking that the inputs can be compared."""
    like(units)
    return Unit.NUMBER


def priced(units: Sequence[Unit]) -> Unit:
    """Return the unit of the prices; the last input is a volume."""
    same_basis(units)
    return like(units[:-1])


def traded(units: Sequence[Unit]) -> Unit:
    """Return the unit of the volume, which is the last input; the others are prices."""
    priced(units)
    return measured(units[-1:])


def flow(units: Sequence[Unit]) -> Unit:
    """Return a plain number, after checking the prices; the last input is a volume."""
    priced(units)
    return Unit.NUMBER
