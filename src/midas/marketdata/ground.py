"""What the rows of a feed are of."""

from __future__ import annotations

from dataclasses import dataclass

from midas.core.basis import Basis
from midas.core.instrument import Instrument
from midas.core.timeframe import Timeframe
from midas.marketdata.panel import Panel
from midas.venues.catalogue import venue
from midas.venues.venue import Venue


@dataclass(frozen=True, slots=True)
class Ground:
    """A venue, instruments in the order of a feed's arrays, and what their bars tell.

    fields : names in a `BarRow`, of `open high low close volume turnover`.
    """

    venue: Venue
    instruments: tuple[Instrument, ...]
    timeframe: Timeframe
    basis: Basis
    currency: str
    dataset: str
    fields: tuple[str, ...]

    @classmethod
    def of(cls, panel: Panel) -> Ground:
        """Return what a replay of a panel tells."""
        fields = tuple(name.removeprefix("raw_") for name in panel.fields if name.startswith("raw_"))
        told = (*fields, "turnover") if "turnover" in panel.fields else fields
        market = venue(panel.venue, panel.currency)
        return cls(market, panel.instruments, panel.timeframe, panel.basis, panel.currency, panel.dataset, told)

    @property
    def raw_fields(self) -> tuple[str, ...]:
        """The fields under the names a panel gives them."""
        return tuple(name if name == "turnover" else f"raw_{name}" for name in self.fields)
