"""What the rows of a feed are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from midas.core.basis import Basis
from midas.core.instrument import Instrument
from midas.core.timeframe import Timeframe
from midas.marketdata import instruments
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

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "venue": self.venue.mic, "instruments": instruments.to_json(self.instruments),
            "timeframe": str(self.timeframe), "basis": self.basis.value, "currency": self.currency,
            "dataset": self.dataset, "fields": list(self.fields),
        }  # fmt: skip

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote; the venue's tables are those of today."""
        return cls(
            venue(told["venue"], told["currency"]), instruments.from_json(told["instruments"]),
            Timeframe.parse(told["timeframe"]), Basis(told["basis"]), told["currency"], told["dataset"],
            tuple(told["fields"]),
        )  # fmt: skip

    @property
    def raw_fields(self) -> tuple[str, ...]:
        """The fields under the names a panel gives them."""
        return tuple(name if name == "turnover" else f"raw_{name}" for name in self.fields)
