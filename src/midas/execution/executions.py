"""From what a broker tells of fills to unique executions: twice is once, and disorder does not matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from midas.core.order import Fill
from midas.execution.broker import BrokerFill, Bust

BUST: Final = "bust:"
"""What the number of an execution that takes another back begins with."""


@dataclass(frozen=True, slots=True)
class Executions:
    """What is known of one order's executions.

    fills : by the broker's number. taken_back : numbers of those it took back, also of some it never told.
    """

    fills: Mapping[str, Fill] = field(default_factory=lambda: MappingProxyType({}))
    taken_back: frozenset[str] = frozenset()

    @classmethod
    def of(cls, booked: Iterable[Fill]) -> Executions:
        """Return what the journal's fills of an order say."""
        fills = {fill.execution: fill for fill in booked}
        taken = frozenset(number.removeprefix(BUST) for number in fills if number.startswith(BUST))
        return cls(MappingProxyType(fills), taken)

    @property
    def quantity(self) -> Decimal:
        """Executed and not taken back."""
        return sum((fill.quantity for fill in self.fills.values()), Decimal(0))

    def with_fill(self, fill: Fill) -> Executions:
        return replace(self, fills=MappingProxyType({**self.fills, fill.execution: fill}))


def executed(known: Executions, told: BrokerFill, account: str, order: str) -> tuple[Executions, Fill | None]:
    """Return what is known now, and the fill to book: None for one that is booked, or was taken back before it came."""
    if told.execution in known.fills or told.execution in known.taken_back:
        return known, None
    fill = _fill(told, account, order)
    return known.with_fill(fill), fill


def totalled(known: Executions, told: BrokerFill, account: str, order: str) -> tuple[Executions, Fill | None]:
    """Do the same for a broker that tells totals: what is new is what they have above those known.

    The number is made from the order's and its total, so that it is the same however often it is told. A total that is
    not above the last is old news, and so is one that was booked before something was taken back.
    """
    more, execution = told.quantity - known.quantity, execution_of_total(told.number, told.quantity)
    if more <= 0 or execution in known.fills:
        return known, None
    seen = known.fills.values()
    value = told.value - sum(fill.value for fill in seen)
    whole = replace(
        told,
        execution=execution,
        quantity=more,
        price=_average(told, known, more),
        value=value,
        commission=told.commission - sum(fill.commission for fill in seen),
        tax=told.tax - sum(fill.tax for fill in seen),
    )
    fill = _fill(whole, account, order)
    return known.with_fill(fill), fill


def taken_back(known: Executions, bust: Bust) -> tuple[Executions, Fill | None]:
    """Return what is known now, and the fill that undoes the one taken back: None where nothing was booked.

    An execution that is taken back before it was told is never booked.
    """
    if bust.execution in known.taken_back:
        return known, None
    known = replace(known, taken_back=known.taken_back | {bust.execution})
    undone = known.fills.get(bust.execution)
    if undone is None:
        return known, None
    fill = replace(
        undone,
        execution=BUST + undone.execution,
        quantity=-undone.quantity,
        value=-undone.value,
        commission=-undone.commission,
        tax=-undone.tax,
    )
    return known.with_fill(fill), fill


def execution_of_total(number: str, total: Decimal) -> str:
    """Return the number of the execution that made an order's total: 20 hexadecimal digits of SHA-256 behind `t`."""
    return "t" + sha256(f"{number}|{total.normalize():f}".encode()).hexdigest()[:20]


def _average(told: BrokerFill, known: Executions, more: Decimal) -> Decimal:
    before = sum((fill.quantity * fill.price for fill in known.fills.values()), Decimal(0))
    return (told.quantity * told.price - before) / more


def _fill(told: BrokerFill, account: str, order: str) -> Fill:
    return Fill(
        account=account,
        order=order,
        execution=told.execution,
        instrument=told.instrument,
        side=told.side,
        quantity=told.quantity,
        price=told.price,
        value=told.value,
        commission=told.commission,
        tax=told.tax,
        stamp_utc=told.stamp_utc,
        cause=told.cause,
    )
