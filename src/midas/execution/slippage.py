"""Slippage: how much worse than the open a market order trades, from what is known at the open.

Models add up. Volume and volatility are those of the sessions before the fill, never of its own bar.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from midas.core.errors import InvalidInput, did_you_mean

MOST_BPS = 5_000.0


@dataclass(frozen=True, slots=True)
class BasisPoints:
    """A fixed share of the price."""

    bps: float
    key: ClassVar[str] = "bps"


@dataclass(frozen=True, slots=True)
class HalfSpread:
    """Half of the spread, in ticks; where prices have no grid it costs nothing."""

    ticks: float
    key: ClassVar[str] = "half_spread"


@dataclass(frozen=True, slots=True)
class SquareRoot:
    """`factor` x daily volatility x sqrt(order / mean daily volume), both of the 20 sessions before.

    Source: the square-root law of market impact (Torre 1997, BARRA Market Impact Model Handbook).
    """

    factor: float
    key: ClassVar[str] = "sqrt"


@dataclass(frozen=True, slots=True)
class VolumeShare:
    """`factor` x (order / mean daily volume of the 20 sessions before) squared.

    Source: zipline's VolumeShareSlippage, whose volume is that of the bar itself, which nobody knows at its open.
    """

    factor: float
    key: ClassVar[str] = "volume_share"


Slippage = BasisPoints | HalfSpread | SquareRoot | VolumeShare

_NUMBER = r"\d+(?:\.\d+)?"
_FORMS: Mapping[str, str] = {
    "bps": _NUMBER,
    "half_spread": rf"{_NUMBER}(?:ticks?|bps)",
    "sqrt": _NUMBER,
    "volume_share": _NUMBER,
}
_EXAMPLES = "bps=5, half_spread=1tick, half_spread=2bps, sqrt=0.1, volume_share=0.1, or several joined by commas"


def read_slippage(text: str) -> tuple[Slippage, ...]:
    """Read e.g. `half_spread=1tick,sqrt=0.1`; nothing is no slippage.

    Raises
    ------
    InvalidInput: no such model, or a number it cannot have.
    """
    return tuple(_model(part.strip()) for part in text.split(",") if part.strip())


def _model(text: str) -> Slippage:
    key, _, value = text.partition("=")
    if key not in _FORMS:
        raise _refused(text, did_you_mean(key[:64], list(_FORMS)) or f"Write {_EXAMPLES}.")
    if not re.fullmatch(_FORMS[key], value) or len(value) > 32:
        raise _refused(text, f"Write {_EXAMPLES}.")
    found = re.match(_NUMBER, value)
    number = float(found[0]) if found else math.nan
    in_bps = key == "bps" or value.endswith("bps")
    if number > (MOST_BPS if in_bps else 100.0):
        raise _refused(text, f"At most {MOST_BPS:g} basis points, 100 ticks or a factor of 100.")
    if in_bps:
        return BasisPoints(number)
    if key == "half_spread":
        return HalfSpread(number)
    return SquareRoot(number) if key == "sqrt" else VolumeShare(number)


def _refused(text: str, hint: str) -> InvalidInput:
    return InvalidInput(f"Slippage cannot be {text[:64]!r}.", hint=hint, code="bad_slippage")
