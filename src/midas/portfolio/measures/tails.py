"""What a bad day, or ten, costs; from the run's own returns, not from a fitted distribution."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from midas.portfolio.measures.measure import Measure
from midas.portfolio.measures.sample import Reals, Sample, quantile


def _value_at_risk(ordered: Reals, level: float) -> float | None:
    low = quantile(ordered, 1.0 - level)
    return None if low is None else -low


def _expected_shortfall(ordered: Reals, level: float) -> float | None:
    low = quantile(ordered, 1.0 - level)
    if low is None:
        return None
    worst = ordered[: np.searchsorted(ordered, low, side="right")]
    return -float(worst.sum()) / len(worst)


def _daily(of: Callable[[Reals, float], float | None], level: float) -> Callable[[Sample], float | None]:
    return lambda sample: of(sample.ordered, level)


def _ten_days(of: Callable[[Reals, float], float | None], level: float) -> Callable[[Sample], float | None]:
    return lambda sample: of(sample.ordered_tens, level)


_VAR = "loss that {share} of {what} stay within: − the {rest} quantile, historical, linear between neighbours"
_CVAR = "mean loss of {what} at or below the {rest} quantile, historical"
_DAYS = "daily returns"
_TENS = "overlapping 10-session returns"
_JORION = "Jorion (2006), historical simulation"
_ROCKAFELLAR = "Rockafellar, Uryasev (2000), J. Risk 2(3), on the sample"

TAILS = (
    Measure(
        "var_95",
        "VaR 95 %",
        "fraction",
        _VAR.format(share="95 %", what=_DAYS, rest="5 %"),
        _daily(_value_at_risk, 0.95),
        source=_JORION,
    ),
    Measure(
        "var_99",
        "VaR 99 %",
        "fraction",
        _VAR.format(share="99 %", what=_DAYS, rest="1 %"),
        _daily(_value_at_risk, 0.99),
        source=_JORION,
    ),
    Measure(
        "cvar_95",
        "CVaR 95 %",
        "fraction",
        _CVAR.format(what=_DAYS, rest="5 %"),
        _daily(_expected_shortfall, 0.95),
        source=_ROCKAFELLAR,
    ),
    Measure(
        "cvar_99",
        "CVaR 99 %",
        "fraction",
        _CVAR.format(what=_DAYS, rest="1 %"),
        _daily(_expected_shortfall, 0.99),
        source=_ROCKAFELLAR,
    ),
    Measure(
        "var_95_10d",
        "VaR 95 % (10 days)",
        "fraction",
        _VAR.format(share="95 %", what=_TENS, rest="5 %"),
        _ten_days(_value_at_risk, 0.95),
        frequency="ten closes",
        source=_JORION,
    ),
    Measure(
        "var_99_10d",
        "VaR 99 % (10 days)",
        "fraction",
        _VAR.format(share="99 %", what=_TENS, rest="1 %"),
        _ten_days(_value_at_risk, 0.99),
        frequency="ten closes",
        source=_JORION,
    ),
    Measure(
        "cvar_95_10d",
        "CVaR 95 % (10 days)",
        "fraction",
        _CVAR.format(what=_TENS, rest="5 %"),
        _ten_days(_expected_shortfall, 0.95),
        frequency="ten closes",
        source=_ROCKAFELLAR,
    ),
    Measure(
        "cvar_99_10d",
        "CVaR 99 % (10 days)",
        "fraction",
        _CVAR.format(what=_TENS, rest="1 %"),
        _ten_days(_expected_shortfall, 0.99),
        frequency="ten closes",
        source=_ROCKAFELLAR,
    ),
)
