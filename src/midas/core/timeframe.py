"""Bar lengths."""

from __future__ import annotations

import re
from dataclasses import dataclass

from midas.core.errors import InvalidInput

_SHAPE = re.compile(r"([1-9][0-9]{0,2})([mhdw])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800, "t": 0}
_TICK = "tick"


@dataclass(frozen=True, slots=True)
class Timeframe:
    """A bar's length, e.g. `1d`; a bar covers the half-open interval that ends at its stamp. `tick` is none."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Timeframe:
        """Read `<count><m|h|d|w>`, or `tick`.

        Raises
        ------
            InvalidInput: any other text.
        """
        if text == _TICK:
            return TICK
        match = _SHAPE.fullmatch(text)
        if match is None:
            raise InvalidInput(f"{text!r} is not a timeframe.", hint="Use e.g. 1d, 1h or 5m.", code="bad_timeframe")
        return cls(int(match[1]), match[2])

    @property
    def seconds(self) -> int:
        return self.count * _SECONDS[self.unit]

    @property
    def is_daily(self) -> bool:
        return self.count == 1 and self.unit == "d"

    @property
    def is_intraday(self) -> bool:
        return self.unit in "mh"

    @property
    def is_tick(self) -> bool:
        return self.unit == "t"

    def __str__(self) -> str:
        return _TICK if self.is_tick else f"{self.count}{self.unit}"


TICK = Timeframe(1, "t")
"""Single prints."""
