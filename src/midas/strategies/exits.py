"""Exit policies: what closes a position between two targets.

They are orders in the market from the bar after the entry on, at raw prices that splits re-price. After an exit a name
stays flat until its target changes or, on a schedule, until the strategy speaks again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from midas.core.errors import StrategyInvalid, did_you_mean
from midas.strategies.param import number_from_text, shortest


@dataclass(frozen=True, slots=True)
class StopLoss:
    """Close when the price is `fraction` below the entry price; 0.15 is 15 %."""

    fraction: float
    key: ClassVar[str] = "stop_loss"

    def __post_init__(self) -> None:
        object.__setattr__(self, "fraction", _fraction(self.key, self.fraction, below=1.0))

    @property
    def value(self) -> float:
        return self.fraction


@dataclass(frozen=True, slots=True)
class TakeProfit:
    """Close when the price is `fraction` above the entry price; 0.15 is 15 %."""

    fraction: float
    key: ClassVar[str] = "take_profit"

    def __post_init__(self) -> None:
        object.__setattr__(self, "fraction", _fraction(self.key, self.fraction, below=100.0))

    @property
    def value(self) -> float:
        return self.fraction


@dataclass(frozen=True, slots=True)
class TrailingStop:
    """Close when the price is `fraction` below the highest price since the entry; 0.15 is 15 %."""

    fraction: float
    key: ClassVar[str] = "trailing_stop"

    def __post_init__(self) -> None:
        object.__setattr__(self, "fraction", _fraction(self.key, self.fraction, below=1.0))

    @property
    def value(self) -> float:
        return self.fraction


@dataclass(frozen=True, slots=True)
class TimeStop:
    """Close after holding for `bars` bars."""

    bars: int
    key: ClassVar[str] = "time_stop"

    def __post_init__(self) -> None:
        object.__setattr__(self, "bars", _bars(self.key, self.bars))

    @property
    def value(self) -> int:
        return self.bars


@dataclass(frozen=True, slots=True)
class AtrStop:
    """Close when the price is `multiple` average true ranges below the entry price.

    The range is the average of `n` bars as it was known when the entry was decided; so for all exits that go by it.
    """

    multiple: float
    n: int = 14
    key: ClassVar[str] = "atr_stop"

    def __post_init__(self) -> None:
        _check_range(self)

    @property
    def value(self) -> dict[str, float | int]:
        return {"multiple": shortest(self.multiple), "n": self.n}


@dataclass(frozen=True, slots=True)
class AtrTrailingStop:
    """Close when the price is `multiple` average true ranges below the highest price since the entry."""

    multiple: float
    n: int = 14
    key: ClassVar[str] = "atr_trailing_stop"

    def __post_init__(self) -> None:
        _check_range(self)

    @property
    def value(self) -> dict[str, float | int]:
        return {"multiple": shortest(self.multiple), "n": self.n}


@dataclass(frozen=True, slots=True)
class AtrTakeProfit:
    """Close when the price is `multiple` average true ranges above the entry price."""

    multiple: float
    n: int = 14
    key: ClassVar[str] = "atr_take_profit"

    def __post_init__(self) -> None:
        _check_range(self)

    @property
    def value(self) -> dict[str, float | int]:
        return {"multiple": shortest(self.multiple), "n": self.n}


RangeExit = AtrStop | AtrTrailingStop | AtrTakeProfit
Exit = StopLoss | TakeProfit | TrailingStop | TimeStop | RangeExit

_BY_NUMBER: Mapping[str, type[StopLoss] | type[TakeProfit] | type[TrailingStop] | type[TimeStop]] = {
    kind.key: kind for kind in (StopLoss, TakeProfit, TrailingStop, TimeStop)
}
_BY_RANGE: Mapping[str, type[AtrStop] | type[AtrTrailingStop] | type[AtrTakeProfit]] = {
    kind.key: kind for kind in (AtrStop, AtrTrailingStop, AtrTakeProfit)
}
_RANGE_FORM = "e.g. {atr_stop: {multiple: 3, n: 14}}"


def exit_to_json(policy: Exit) -> dict[str, object]:
    """Return e.g. `{"stop_loss": 0.15}` or `{"atr_stop": {"multiple": 3, "n": 14}}`."""
    value = policy.value
    return {policy.key: value if isinstance(value, dict) else shortest(value)}


def exit_from_json(value: object) -> Exit:
    """Read what `exit_to_json` returns.

    Raises
    ------
    StrategyInvalid: no such policy, or a number it cannot have.
    """
    if not isinstance(value, Mapping) or len(value) != 1:
        raise StrategyInvalid(
            "An exit is one policy with one number.", hint="Write e.g. {stop_loss: 0.15}.", code="bad_exit"
        )
    ((key, given),) = value.items()
    if key in _BY_NUMBER:
        return _BY_NUMBER[key](given)
    if key in _BY_RANGE:
        if not isinstance(given, Mapping) or not {"multiple"} <= set(given) <= {"multiple", "n"}:
            raise _refused(key, given, f"a multiple and a number of bars n, {_RANGE_FORM}")
        return _BY_RANGE[key](**given)
    known = [*_BY_NUMBER, *_BY_RANGE]
    raise StrategyInvalid(f"There is no exit {str(key)[:64]!r}.", hint=did_you_mean(str(key), known), code="bad_exit")


def _check_range(policy: RangeExit) -> None:
    multiple, bars = _number(policy.multiple), _number(policy.n)
    if multiple is None or not 0.0 < multiple <= 100.0:
        raise _refused(policy.key, policy.multiple, f"a multiple above 0 and up to 100, {_RANGE_FORM}")
    if bars is None or bars != int(bars) or not 1 <= bars <= 1_000:
        raise _refused(policy.key, policy.n, f"n whole bars from 1 to 1000, {_RANGE_FORM}")
    object.__setattr__(policy, "multiple", float(multiple))
    object.__setattr__(policy, "n", int(bars))


def _fraction(key: str, value: object, below: float) -> float:
    number = _number(value)
    if number is None or not 0.0 < number < below:
        raise _refused(key, value, f"a fraction above 0 and below {below:g}, e.g. 0.15 for 15 %")
    return float(number)


def _bars(key: str, value: object) -> int:
    number = _number(value)
    if number is None or number != int(number) or not 1 <= number <= 10_000:
        raise _refused(key, value, "a whole number of bars from 1 to 10000")
    return int(number)


def _number(value: object) -> int | float | None:
    read = number_from_text(value) if isinstance(value, str) else value
    if isinstance(read, bool) or not isinstance(read, int | float) or abs(read) > 1e15 or not math.isfinite(read):
        return None
    return read


def _refused(key: str, value: object, expected: str) -> StrategyInvalid:
    shown = str(value)[:64]
    return StrategyInvalid(f"Exit {key!r} cannot be {shown!r}.", hint=f"It must be {expected}.", code="bad_exit")
