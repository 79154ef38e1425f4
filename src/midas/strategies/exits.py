"""Exit policies: what closes a position between two targets."""

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


Exit = StopLoss | TakeProfit | TrailingStop | TimeStop

_KINDS: Mapping[str, type[StopLoss] | type[TakeProfit] | type[TrailingStop] | type[TimeStop]] = {
    kind.key: kind for kind in (StopLoss, TakeProfit, TrailingStop, TimeStop)
}


def exit_to_json(policy: Exit) -> dict[str, float | int]:
    """Return e.g. `{"stop_loss": 0.15}`."""
    return {policy.key: shortest(policy.value)}


def exit_from_json(value: object) -> Exit:
    """Read e.g. `{"stop_loss": 0.15}`.

    Raises
    ------
    StrategyInvalid: no such policy, or a number it cannot have.
    """
    if not isinstance(value, Mapping) or len(value) != 1:
        raise StrategyInvalid(
            "An exit is one policy with one number.", hint="Write e.g. {stop_loss: 0.15}.", code="bad_exit"
        )
    ((key, number),) = value.items()
    if key not in _KINDS:
        raise StrategyInvalid(
            f"There is no exit {str(key)[:64]!r}.", hint=did_you_mean(str(key), list(_KINDS)), code="bad_exit"
        )
    return _KINDS[key](number)


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
