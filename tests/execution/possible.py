"""What every fill ever simulated must be: possible."""

from __future__ import annotations

import numpy as np
from tests.execution.plain_rules import exact

from midas.execution.simulation import Simulation
from midas.marketdata.panel import Panel
from midas.venues.venue import Venue


def assert_possible(simulation: Simulation, panel: Panel, market: Venue, cap: float = 0.1) -> None:
    """Each fill is after its decision, inside its bar, on the grid, within the limits and below the volume cap."""
    fills = simulation.journal.fills
    raw = {name: panel.matrix(f"raw_{name}") for name in ("open", "high", "low", "close", "volume")}
    assert (fills.row > fills.decided).all()
    assert (simulation.cash >= 0).all()
    pairs = set(zip(fills.row.tolist(), fills.column.tolist(), strict=True))
    assert len(pairs) == len(fills), "one name was filled twice on one bar"
    days = [day.item() for day in panel.sessions]
    for at in range(len(fills)):
        row, column = int(fills.row[at]), int(fills.column[at])
        opened, high, low, _, volume = (raw[name][row, column] for name in raw)
        price, instrument = exact(fills.price[at]), panel.instruments[column]
        assert not np.isnan(opened), "a halted or absent bar traded"
        assert exact(low) <= price <= exact(high)
        assert fills.quantity[at] <= cap * volume * (1 + 1e-12)
        if not panel.basis.is_raw:
            continue
        tick = market.tick(_decimal(price), days[row], instrument.board, instrument.kind)
        assert tick is None or price % exact(str(tick)) == 0, f"{price} is off the tick {tick}"
        base = _last_close(raw["close"], row, column, panel)
        limits = None if base is None else market.limit_prices(base, days[row], instrument.board, instrument.kind)
        if limits is not None:
            assert limits[0] <= _decimal(price) <= limits[1], f"{price} is beyond {limits}"
            assert not (high == low and _decimal(price) in limits), "a locked bar traded"


def _decimal(price):  # type: ignore[no-untyped-def]
    from decimal import Decimal

    return Decimal(price.numerator) / Decimal(price.denominator)


def _last_close(closes, row, column, panel):  # type: ignore[no-untyped-def]
    from decimal import Decimal

    assert len(panel.actions) == 0, "this check knows no splits"
    known = np.flatnonzero(~np.isnan(closes[:row, column]))
    return Decimal(repr(float(closes[known[-1], column]))) if len(known) else None
