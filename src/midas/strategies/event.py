"""Strategies written as code that is asked at every bar: orders instead of targets, for replays and live runs only.

Nothing can be said of such code in advance: it has no warm-up, cannot be swept, and is no graph. What a graph can say
is better said as one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


class EventBar(Protocol):
    """The bars that closed at one moment: raw prices by field, one number per instrument, NaN for no bar."""

    @property
    def row(self) -> int: ...

    @property
    def stamp_utc(self) -> datetime: ...

    @property
    def session(self) -> date: ...

    @property
    def fields(self) -> Mapping[str, Values]: ...

    @property
    def close(self) -> Values: ...


class Context(Protocol):
    """What an `EventStrategy` may know and do; instruments are places in `symbols`."""

    @property
    def symbols(self) -> Sequence[str]: ...

    @property
    def cash(self) -> float:
        """Cash, in currency."""
        ...

    @property
    def equity(self) -> float:
        """Cash and what is held at the close, in currency."""
        ...

    def position(self, column: int = 0) -> float:
        """Return what is held, below 0 when short."""
        ...

    def buy(self, quantity: float, column: int = 0, *, limit: float | None = None, stop: float | None = None) -> None:
        """Order at the next open, or with a price wait until it is there; a quantity is cut to whole lots.

        Prices go to the next tick: a limit's to the better one, a stop's to the later one.
        """
        ...

    def sell(
        self, quantity: float, column: int = 0, *, limit: float | None = None, stop: float | None = None
    ) -> None: ...

    def cancel(self, column: int = 0) -> None:
        """Call off what waits for its price."""
        ...

    def close(self, column: int = 0) -> None:
        """Order that closes all that is held."""
        ...


class EventStrategy(ABC):
    """Subclass it and write `on_bar`; what it remembers between bars goes into `state`, which survives a restart."""

    name = "event"
    warmup = 0
    """Bars it is shown before its first orders count."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    @abstractmethod
    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        """Look at a bar and order."""
