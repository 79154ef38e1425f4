"""Round trips: how many won, how much, how long."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from midas.portfolio.measures.measure import Measure, Number, Unit, ratio
from midas.portfolio.measures.sample import Reals, Sample

_SQN_CAP = 100


def _mean(values: Reals) -> float | None:
    return float(values.sum()) / len(values) if len(values) else None


def _trades(sample: Sample) -> float | None:
    return len(sample.trades.pnl)


def _open_trades(sample: Sample) -> float | None:
    return len(sample.trades.open_pnl)


def _win_rate(sample: Sample) -> float | None:
    return len(sample.trades.won) / len(sample.trades.pnl)


def _win_rate_with_open(sample: Sample) -> float | None:
    trades = sample.trades
    won = len(trades.won) + int((trades.open_pnl > 0).sum())
    return ratio(won, len(trades.pnl) + len(trades.open_pnl))


def _profit_factor(sample: Sample) -> float | None:
    return ratio(float(sample.trades.won.sum()), -float(sample.trades.lost.sum()))


def _expectancy(sample: Sample) -> float | None:
    return _mean(sample.trades.pnl)


def _average_win(sample: Sample) -> float | None:
    return _mean(sample.trades.won)


def _average_loss(sample: Sample) -> float | None:
    return _mean(sample.trades.lost)


def _expectancy_r(sample: Sample) -> float | None:
    loss = _average_loss(sample)
    return ratio(_expectancy(sample), None if loss is None else -loss)


def _payoff(sample: Sample) -> float | None:
    loss = _average_loss(sample)
    return ratio(_average_win(sample), None if loss is None else -loss)


def _cpc(sample: Sample) -> float | None:
    factor, won, payoff = _profit_factor(sample), _win_rate(sample), _payoff(sample)
    return None if factor is None or won is None or payoff is None else factor * won * payoff


def _kelly(sample: Sample) -> float | None:
    won, payoff = _win_rate(sample), _payoff(sample)
    return None if won is None or not payoff else won - (1.0 - won) / payoff


def _quality(sample: Sample, most: float) -> float | None:
    pnl = sample.trades.pnl
    each = ratio(_mean(pnl), sample.trades.deviation)
    return None if each is None else each * math.sqrt(min(len(pnl), most))


def _sqn(sample: Sample) -> float | None:
    return _quality(sample, math.inf)


def _sqn_capped(sample: Sample) -> float | None:
    return _quality(sample, _SQN_CAP)


def _average_trade(sample: Sample) -> float | None:
    return _mean(sample.trades.returns)


def _best_trade(sample: Sample) -> float | None:
    return float(sample.trades.returns.max())


def _worst_trade(sample: Sample) -> float | None:
    return float(sample.trades.returns.min())


def _average_held(sample: Sample) -> float | None:
    return _mean(sample.trades.held)


def _winners_held(sample: Sample) -> float | None:
    return _mean(sample.trades.held[sample.trades.pnl > 0])


def _losers_held(sample: Sample) -> float | None:
    return _mean(sample.trades.held[sample.trades.pnl < 0])


def _longest_run(hits: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(hits.astype(np.int8), prepend=0, append=0))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _wins_in_a_row(sample: Sample) -> float | None:
    return _longest_run(sample.trades.pnl > 0)


def _losses_in_a_row(sample: Sample) -> float | None:
    return _longest_run(sample.trades.pnl < 0)


def _adverse(sample: Sample) -> float | None:
    return _mean(sample.trades.worst)


def _favourable(sample: Sample) -> float | None:
    return _mean(sample.trades.best)


def _of_closed(
    key: str,
    label: str,
    unit: Unit,
    formula: str,
    compute: Callable[[Sample], Number | None],
    source: str = "by definition",
) -> Measure:
    return Measure(
        key, label, unit, formula, compute, ("trades",), frequency="trades", open_trades="left out", source=source
    )


TRADING = (
    Measure(
        "trades",
        "Closed trades",
        "count",
        "round trips from flat to flat",
        _trades,
        frequency="trades",
        open_trades="left out",
    ),
    Measure(
        "open_trades",
        "Open trades",
        "count",
        "round trips not yet flat at the end",
        _open_trades,
        frequency="trades",
        open_trades="alone",
    ),
    _of_closed(
        "win_rate", "Win rate", "fraction", "closed trades with a gain / closed trades, net of costs", _win_rate
    ),
    Measure(
        "win_rate_with_open",
        "Win rate incl. open",
        "fraction",
        "trades with a gain / all, open ones at the last close",
        _win_rate_with_open,
        frequency="trades",
        open_trades="at the last close",
    ),
    _of_closed("profit_factor", "Profit factor", "", "Σ gains / Σ losses of closed trades, in money", _profit_factor),
    _of_closed("expectancy", "Expectancy", "currency", "mean gain of a closed trade", _expectancy),
    _of_closed(
        "expectancy_r",
        "Expectancy (R)",
        "",
        "mean gain of a closed trade / mean loss of the losing ones (R)",
        _expectancy_r,
        "Tharp (2008)",
    ),
    _of_closed("average_win", "Average win", "currency", "mean gain of winning closed trades", _average_win),
    _of_closed(
        "average_loss", "Average loss", "currency", "mean gain of losing closed trades, negative", _average_loss
    ),
    _of_closed("payoff_ratio", "Payoff ratio", "", "average win / |average loss|", _payoff),
    _of_closed("cpc_index", "CPC index", "", "profit factor × win rate × payoff ratio", _cpc, "QuantStats, on trades"),
    _of_closed(
        "kelly", "Kelly fraction", "fraction", "win rate − (1 − win rate) / payoff ratio", _kelly, "Kelly (1956)"
    ),
    _of_closed("sqn", "SQN", "", "√n × mean gain / sample standard deviation of gains", _sqn, "Tharp (2008)"),
    _of_closed("sqn_100", "SQN (n ≤ 100)", "", "SQN with n at most 100", _sqn_capped, "Tharp (2008)"),
    _of_closed(
        "average_trade", "Average trade", "fraction", "mean of gain / value bought, closed trades", _average_trade
    ),
    _of_closed("best_trade", "Best trade", "fraction", "largest gain / value bought", _best_trade),
    _of_closed("worst_trade", "Worst trade", "fraction", "smallest gain / value bought", _worst_trade),
    _of_closed("average_held", "Average holding", "sessions", "mean sessions from entry to exit", _average_held),
    _of_closed(
        "winners_held", "Winners held", "sessions", "mean sessions from entry to exit of winners", _winners_held
    ),
    _of_closed("losers_held", "Losers held", "sessions", "mean sessions from entry to exit of losers", _losers_held),
    _of_closed("max_wins_in_a_row", "Most wins in a row", "count", "closed trades by entry", _wins_in_a_row),
    _of_closed("max_losses_in_a_row", "Most losses in a row", "count", "closed trades by entry", _losses_in_a_row),
    _of_closed(
        "mean_adverse_excursion",
        "Mean adverse excursion",
        "fraction",
        "mean over closed trades of the lowest price while held / average entry price − 1",
        _adverse,
        "Sweeney (1996)",
    ),
    _of_closed(
        "mean_favourable_excursion",
        "Mean favourable excursion",
        "fraction",
        "mean over closed trades of the highest price while held / average entry price − 1",
        _favourable,
        "Sweeney (1996)",
    ),
)
