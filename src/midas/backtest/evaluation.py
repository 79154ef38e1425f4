"""Many strategies on many instruments, each alone with each: which suits which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from midas.backtest.apart import first_bars, run_apart
from midas.backtest.lanes import KEPT
from midas.backtest.run import Progress
from midas.backtest.setting import Setting
from midas.backtest.spec import Amount, BacktestSpec, spec_of
from midas.backtest.together import Together, measured
from midas.backtest.trials import measures_for, merit
from midas.backtest.window import sessions_between
from midas.core.errors import InvalidInput
from midas.execution.terms import Lots
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition
from midas.strategies.registry import build, library

Values = NDArray[np.float64]

BLOCK = 512
"""Instruments that are answered before the next look at whether to go on."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Measures of every strategy on every instrument, (instrument, strategy, measure), NaN where undefined.

    `refused` says of pairs that could not be run why, by (symbol, strategy).
    """

    metric: str
    symbols: tuple[str, ...]
    strategies: tuple[str, ...]
    measures: tuple[str, ...]
    values: Values
    refused: dict[tuple[str, str], str]

    def scores(self) -> Values:
        """Return the metric, (instrument, strategy)."""
        scores: Values = self.values[:, :, self.measures.index(self.metric)]
        return scores

    def best(self) -> tuple[int | None, ...]:
        """Return the place of each instrument's best strategy, the first of equals; None where none has a score."""
        worth = merit(self.metric, self.scores())
        return tuple(int(np.nanargmax(row)) if np.isfinite(row).any() else None for row in worth)

    def frame(self) -> pl.DataFrame:
        """Return one row for each pair: symbol, strategy, score, and its measures, null where undefined."""
        pairs = {
            "symbol": np.repeat(self.symbols, len(self.strategies)).tolist(),
            "strategy": list(self.strategies) * len(self.symbols),
        }
        flat = self.values.reshape(-1, len(self.measures))
        columns = {name: pl.Series(np.ascontiguousarray(flat[:, at])) for at, name in enumerate(self.measures)}
        score = pl.Series(np.ascontiguousarray(self.scores().ravel())).fill_nan(None)
        return pl.DataFrame({**pairs, "score": score, **{n: c.fill_nan(None) for n, c in columns.items()}})


def evaluation_of(frame: pl.DataFrame, metric: str) -> Evaluation:
    """Read back what `Evaluation.frame` wrote, but for the refusals."""
    symbols = tuple(frame["symbol"].unique(maintain_order=True).to_list())
    strategies = tuple(frame["strategy"].unique(maintain_order=True).to_list())
    measures = measures_for(metric)
    columns = [frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in measures]
    values = np.column_stack(columns).reshape(len(symbols), len(strategies), len(measures))
    return Evaluation(metric, symbols, strategies, measures, values, {})


def evaluate(
    panel: Panel,
    strategies: Sequence[Definition] | None = None,
    *,
    metric: str = "sharpe",
    start: date | None = None,
    end: date | None = None,
    initial_capital: Amount | None = None,
    commission_bps: float | None = None,
    slippage_bps: float = 0.0,
    lots: Lots = "whole",
    volume_cap: float = 0.1,
    progress: Progress | None = None,
) -> Evaluation:
    """Run each strategy (default: the whole library) on each instrument of a panel alone, with an account of its own.

    Raises
    ------
    InvalidInput: an argument makes no sense.
    """
    chosen = of_library() if strategies is None else tuple(strategies)
    base = spec_of(
        chosen[0], panel, start=start, end=end, initial_capital=initial_capital, commission_bps=commission_bps,
        slippage_bps=slippage_bps, lots=lots, volume_cap=volume_cap,
    )  # fmt: skip
    return evaluate_spec(chosen, base, panel, metric=metric, progress=progress)


def of_library() -> tuple[Definition, ...]:
    """Return the strategies of the library, with their defaults."""
    return tuple(build(info.name) for info in library())


def evaluate_spec(
    strategies: Sequence[Definition],
    base: BacktestSpec,
    panel: Panel,
    *,
    metric: str,
    progress: Progress | None = None,
    keep: Callable[[Evaluation], None] | None = None,
) -> Evaluation:
    """Answer `base` for each strategy on each instrument; `keep` is called with each instrument's part.

    Raises
    ------
    InvalidInput: there is no such measure, or the dates hold no session.
    """
    sessions_between(panel, base.start, base.end)
    measures = measures_for(metric)
    parts = []
    for begin in range(0, panel.columns, BLOCK):
        columns = range(begin, min(begin + BLOCK, panel.columns))
        parts.append(_block(strategies, base, panel.select(columns), metric, measures))
        if keep is not None:
            keep(parts[-1])
        if progress is not None:
            progress(columns.stop / panel.columns, f"{columns.stop:,} of {panel.columns:,} instruments")
    return joined(parts)


def joined(parts: Sequence[Evaluation]) -> Evaluation:
    """Return evaluations of the same strategies on different instruments as one."""
    symbols = tuple(symbol for part in parts for symbol in part.symbols)
    refused = {pair: why for part in parts for pair, why in part.refused.items()}
    return replace(parts[0], symbols=symbols, values=np.concatenate([p.values for p in parts]), refused=refused)


def _block(
    strategies: Sequence[Definition], base: BacktestSpec, panel: Panel, metric: str, measures: tuple[str, ...]
) -> Evaluation:
    symbols = tuple(str(instrument.id) for instrument in panel.instruments)
    values = np.full((panel.columns, len(strategies), len(measures)), np.nan)
    left = np.ones((panel.columns, len(strategies)), np.bool_)
    if measures == KEPT:
        setting, listed = Setting.of(panel, base.terms(panel.currency)), first_bars(panel)
        for place, definition in enumerate(strategies):
            apart = run_apart(definition, base, setting, listed)
            if apart is not None:
                values[:, place], left[:, place] = apart.values, apart.left
                values[apart.left, place] = np.nan  # those are answered, or refused, below
    refused: dict[tuple[str, str], str] = {}
    for column in np.flatnonzero(left.any(axis=1)).tolist():
        waiting = np.flatnonzero(left[column]).tolist()
        one = replace(base, symbols=(symbols[column],))
        answers = _answer([strategies[place] for place in waiting], one, panel.select([column]), measures)
        for place, answer in zip(waiting, answers, strict=True):
            if isinstance(answer, InvalidInput):
                refused[symbols[column], strategies[place].name] = answer.message
            else:
                values[column, place] = answer
    names = tuple(definition.name for definition in strategies)
    return Evaluation(metric, symbols, names, measures, values, refused)


def _answer(
    strategies: Sequence[Definition], base: BacktestSpec, panel: Panel, measures: tuple[str, ...]
) -> list[Values | InvalidInput]:
    together = Together(base, Setting.of(panel, base.terms(panel.currency)))
    answers: list[Values | InvalidInput] = [np.full(len(measures), np.nan) for _ in strategies]
    for place, story in together.stories(strategies):
        answers[place] = story if isinstance(story, InvalidInput) else measured(story, measures)
    return answers
