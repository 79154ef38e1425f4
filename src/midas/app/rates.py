"""Rates of exchange, found among the datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from midas.core.errors import NotFound

if TYPE_CHECKING:
    from midas.execution.exchange import Rates
    from midas.marketdata.lake import Lake


def rates_of(lake: Lake, base: str, quote: str) -> Rates:
    """Return what one unit of `base` costs in `quote`: the closes of the instrument called e.g. USDKRW, or of KRWUSD.

    Raises
    ------
    NotFound: no dataset has either.
    """
    import numpy as np

    from midas.execution.exchange import Rates
    from midas.marketdata.universe import select

    for symbol, inverse in ((f"{base}{quote}", False), (f"{quote}{base}", True)):
        try:
            panel = select(lake, None, [symbol]).panel
        except NotFound:
            continue
        closes = panel.series("raw_close", 0)
        known = ~np.isnan(closes)
        values = 1.0 / closes[known] if inverse else closes[known].copy()
        return Rates(base, quote, panel.sessions[known], values, f"{symbol} ({panel.dataset})", panel.version)
    raise NotFound(
        f"There is no rate of {base} in {quote}.",
        hint=f"Import daily rates of {base}{quote}: `midas data import FILE --symbol {base}{quote} --venue XFXM "
        f"--currency {quote}`.",
        code="rate_missing",
    )
