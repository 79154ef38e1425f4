"""The strategies that come with Midas, by name: the library, and the one that leaves all to a person."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace

from midas.core.errors import NotFound, did_you_mean
from midas.strategies.by_hand import ByHand
from midas.strategies.definition import Definition
from midas.strategies.library.bollinger_reversion import BollingerReversion
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.strategies.library.donchian_breakout import DonchianBreakout
from midas.strategies.library.dual_momentum import DualMomentum
from midas.strategies.library.ema_cross import EmaCross
from midas.strategies.library.keltner_breakout import KeltnerBreakout
from midas.strategies.library.low_volatility import LowVolatility
from midas.strategies.library.macd_cross import MacdCross
from midas.strategies.library.momentum import Momentum
from midas.strategies.library.obv_trend import ObvTrend
from midas.strategies.library.pairs import Pairs
from midas.strategies.library.rsi_reversion import RsiReversion
from midas.strategies.library.sma_cross import SmaCross
from midas.strategies.library.stochastic_reversion import StochasticReversion
from midas.strategies.library.time_series_momentum import TimeSeriesMomentum
from midas.strategies.library.value_momentum import ValueMomentum
from midas.strategies.library.zscore_reversion import ZscoreReversion
from midas.strategies.param import ParamSpec
from midas.strategies.schedule import Every
from midas.strategies.strategy import Strategy

_LIBRARY: tuple[type[Strategy], ...] = (
    BollingerReversion,
    BuyAndHold,
    DonchianBreakout,
    DualMomentum,
    EmaCross,
    KeltnerBreakout,
    LowVolatility,
    MacdCross,
    Momentum,
    ObvTrend,
    Pairs,
    RsiReversion,
    SmaCross,
    StochasticReversion,
    TimeSeriesMomentum,
    ValueMomentum,
    ZscoreReversion,
)
_OURS: tuple[type[Strategy], ...] = (*_LIBRARY, ByHand)


@dataclass(frozen=True, slots=True)
class StrategyInfo:
    """A strategy as people read about it before they run it."""

    name: str
    summary: str
    doc: str
    params_spec: tuple[ParamSpec, ...]
    every: Every


def library() -> tuple[StrategyInfo, ...]:
    """Return every strategy of the library, by name."""
    return tuple(_info(strategy) for strategy in _LIBRARY)


def names() -> list[str]:
    """Return what `build` knows: the library, and what is in no comparison as it orders nothing."""
    return [strategy.name for strategy in _OURS]


def build(name: str, overrides: Mapping[str, object] | None = None) -> Definition:
    """Return a strategy that comes with Midas; `overrides` gives parameters as values or as text.

    Raises
    ------
    NotFound: there is no such strategy.
    StrategyInvalid: a parameter is unknown or cannot have its value.
    """
    return replace(find(name)(**dict(overrides or {})).definition(), source="library")


def find(name: str) -> type[Strategy]:
    """Return the class of a strategy that comes with Midas.

    Raises
    ------
    NotFound: there is no such strategy.
    """
    for strategy in _OURS:
        if strategy.name == name:
            return strategy
    raise NotFound(
        f"There is no strategy {name[:64]!r}.",
        hint=did_you_mean(name[:64], names()),
        code="unknown_strategy",
    )


def _info(strategy: type[Strategy]) -> StrategyInfo:
    doc = inspect.getdoc(strategy) or ""
    return StrategyInfo(
        name=strategy.name,
        summary=doc.partition("\n")[0],
        doc=doc,
        params_spec=tuple(strategy.param_specs.values()),
        every=strategy.every,
    )
