"""freqtrade's statistics: most are of closed trades, and all trades are closed at the end."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from midas.portfolio.measures.conventions.arithmetic import deviation, divided, mean
from midas.portfolio.measures.conventions.convention import Convention, Entry
from midas.portfolio.measures.conventions.record import Record
from midas.portfolio.measures.sample import Reals

_DAYS = 365
_UNDEFINED = -100.0
"""What freqtrade says where a ratio would divide by nothing."""

_NO_LOSSES = 100.0
"""What it says of expectancy where no trade lost."""


def _ratio(above: float, below: float) -> float:
    return above / below * math.sqrt(_DAYS) if below > 0 else _UNDEFINED


def _by_trades(record: Record, below: Callable[[Reals], float], scale: float = 1.0) -> float:
    shares = record.trades.profit / record.equity[0]
    if not len(shares) or record.calendar_days == 0:
        return 0.0
    return _ratio(float(shares.sum()) / record.calendar_days * scale, below(shares))


def _sharpe(record: Record) -> float:
    return _by_trades(record, lambda shares: deviation(shares, 0))


def _of_losses(values: Reals) -> float:
    lost = values[values < 0]
    return deviation(lost, 0) if len(lost) else 0.0


def _sortino(record: Record) -> float:
    return _by_trades(record, _of_losses)


def _calmar(record: Record) -> float:
    return _by_trades(record, lambda _: _falls(_trade_curve(record))[1], 100.0)


def _sqn(record: Record) -> float:
    shares = record.trades.profit / record.equity[0]
    if not len(shares):
        return 0.0
    spread = deviation(shares)
    return round(math.sqrt(len(shares)) * mean(shares) / spread, 4) if spread > 0 else _UNDEFINED


def _expectancy(record: Record) -> tuple[float, float]:
    profit = record.trades.profit
    won, lost = profit[profit > 0], profit[profit < 0]
    if not len(lost):
        return (float(profit.sum()) / len(profit) if len(profit) else 0.0), _NO_LOSSES
    share, win = len(won) / len(profit), float(won.mean()) if len(won) else 0.0
    return float(profit.mean()), (1.0 + win / -float(lost.mean())) * share - 1.0


def _trade_curve(record: Record) -> Reals:
    return np.cumsum(np.concatenate((record.equity[:1], record.trades.profit)))


def _falls(curve: Reals) -> tuple[float, float, float]:
    # the deepest fall in money, that fall over its peak, and the deepest over its peak: three different things
    top = np.maximum.accumulate(curve)
    fall = top - curve
    deepest = int(np.argmax(fall))
    return float(fall[deepest]), float(fall[deepest] / top[deepest]), float((fall / top).max())


def _wallet(record: Record, below: Callable[[Reals], float]) -> float:
    return _ratio(mean(record.returns), below(record.returns))


def _wallet_calmar(record: Record) -> float:
    daily = (record.equity[-1] / record.equity[0] - 1.0) / max(record.calendar_days, 1) * 100.0
    return _ratio(daily, _falls(record.equity)[1])


def _cagr(record: Record) -> float:
    final = record.equity[0] + float(record.trades.profit.sum())
    days = record.calendar_days
    return float((final / record.equity[0]) ** (_DAYS / days) - 1.0) if days and final > 0 else math.nan


def _profit_factor(record: Record) -> float:
    profit = record.trades.profit
    return divided(float(profit[profit > 0].sum()), -float(profit[profit < 0].sum()))


FREQTRADE = Convention(
    library="freqtrade",
    version="2026.9",
    fed="trades with their gain in money, the capital, and the wallet's value at each close",
    frequency="closed trades in the order of their exits; *_from_balance: daily closes",
    day_count="365 days a year",
    open_trades="closed at the last close, as freqtrade force-exits them; without exit costs",
    source="the documented formulas of freqtrade.data.metrics (GPL-3.0, no code taken); checked by running it",
    entries=(
        Entry("profit_total_abs", "currency", "Σ gains of trades", lambda record: float(record.trades.profit.sum())),
        Entry(
            "profit_total",
            "fraction",
            "Σ gains of trades / capital",
            lambda record: float(record.trades.profit.sum() / record.equity[0]),
        ),
        Entry("profit_mean", "fraction", "mean of gain / value bought", lambda record: mean(record.trades.returns)),
        Entry("cagr", "fraction", "((capital + Σ gains) / capital)^(365 / days) − 1", _cagr),
        Entry("sharpe", "", "Σ(gain / capital) / days / population deviation of gain / capital × √365", _sharpe),
        Entry("sortino", "", "as sharpe, over the population deviation of the losing trades alone", _sortino),
        Entry("calmar", "", "Σ(gain / capital) / days × 100 / max_drawdown_account × √365", _calmar),
        Entry("sqn", "", "√n × mean gain / sample standard deviation, rounded to 4 digits", _sqn),
        Entry("expectancy", "currency", "win rate × mean win − loss rate × mean loss", lambda r: _expectancy(r)[0]),
        Entry("expectancy_ratio", "", "(1 + mean win / mean loss) × win rate − 1", lambda r: _expectancy(r)[1]),
        Entry("profit_factor", "", "Σ gains / Σ losses of trades", _profit_factor),
        Entry(
            "winrate",
            "fraction",
            "trades with a gain / trades",
            lambda record: mean((record.trades.profit > 0).astype(np.float64)),
        ),
        Entry(
            "max_drawdown_abs",
            "currency",
            "largest fall, in money, of capital + Σ gains so far",
            lambda record: _falls(_trade_curve(record))[0],
        ),
        Entry(
            "max_drawdown_account",
            "fraction",
            "that fall over the peak before it",
            lambda record: _falls(_trade_curve(record))[1],
        ),
        Entry(
            "max_relative_drawdown",
            "fraction",
            "largest fall over its peak of capital + Σ gains so far",
            lambda record: _falls(_trade_curve(record))[2],
        ),
        Entry(
            "sharpe_from_balance",
            "",
            "mean daily return / population deviation × √365",
            lambda record: _wallet(record, lambda returns: deviation(returns, 0)),
        ),
        Entry(
            "sortino_from_balance",
            "",
            "mean daily return / population deviation of the negative ones alone × √365",
            lambda record: _wallet(record, _of_losses),
        ),
        Entry(
            "calmar_from_balance",
            "",
            "total return / days × 100 / max_drawdown_from_balance × √365",
            _wallet_calmar,
        ),
        Entry(
            "max_drawdown_from_balance",
            "fraction",
            "largest fall in money of the wallet / the peak before it",
            lambda record: _falls(record.equity)[1],
        ),
    ),
)
