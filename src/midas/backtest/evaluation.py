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
from midas.backtest.paying import paid_from
from midas.backtest.period import NEVER, first_row, from_session, shared, too_late
from midas.backtest.run import Progress
from midas.backtest.setting import Setting
from midas.backtest.spec import Amount, BacktestSpec, spec_of
from midas.backtest.together import Together, measured
from midas.backtest.trials import measures_for, merit
from midas.backtest.window import sessions_between
from midas.core.errors import InvalidInput
from midas.execution.dealing import Dealing
from midas.execution.exchange import AccountCurrency, Rates
from midas.execution.terms import Lots
from midas.factors.periods import rows_a_day
from midas.factors.plan import Plan, plan_for_days
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition
from midas.strategies.plans import plan_of
from midas.strategies.registry import build, library

Values = NDArray[np.float64]

BLOCK = 512
"""Instruments that are answered before the next look at whether to go on."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Measures of every strategy on every instrument, (instrument, strategy, measure), NaN where undefined.

    All strategies begin on one session of an instrument, its entry of `starts`, NaT where none could be run.
    `refused` says of pairs that could not be run why, by (symbol, strategy).
    """

    metric: str
    symbols: tuple[str, ...]
    strategies: tuple[str, ...]
    measures: tuple[str, ...]
    values: Values
    starts: NDArray[np.datetime64]
    refused: dict[tuple[str, str], str]

    def begun(self) -> list[date]:
        """Return the first sessions of the instruments on which anything could be run."""
        days: list[date] = self.starts[~np.isnat(self.starts)].tolist()
        return days

    def scores(self) -> Values:
        """Return the metric, (instrument, strategy)."""
        scores: Values = self.values[:, :, self.measures.index(self.metric)]
        return scores

    def best(self) -> tuple[int | None, ...]:
        """Return the place of each instrument's best strategy, the first of equals; None where none has a score."""
        worth = merit(self.metric, self.scores())
        return tuple(int(np.nanargmax(row)) if np.isfinite(row).any() else None for row in worth)

    def frame(self) -> pl.DataFrame:
        """Return one row for each pair: symbol, strategy, start, score, and its measures, null where undefined."""
        pairs: dict[str, object] = {
            "symbol": np.repeat(self.symbols, len(self.strategies)).tolist(),
            "strategy": list(self.strategies) * len(self.symbols),
            "start": np.repeat(self.starts, len(self.strategies)),
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
    starts = frame["start"].to_numpy()[:: len(strategies)].astype("datetime64[D]")
    return Evaluation(metric, symbols, strategies, measures, values, starts, {})


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
    dealing: Dealing | None = None,
    account: AccountCurrency | None = None,
    rates: Rates | None = None,
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
        slippage_bps=slippage_bps, lots=lots, volume_cap=volume_cap, dealing=dealing, account=account,
    )  # fmt: skip
    return evaluate_spec(chosen, base, panel, metric=metric, rates=rates, progress=progress)


def of_library() -> tuple[Definition, ...]:
    """Return the strategies of the library, with their defaults."""
    return tuple(build(info.name) for info in library())


def evaluate_spec(
    strategies: Sequence[Definition],
    base: BacktestSpec,
    panel: Panel,
    *,
    metric: str,
    rates: Rates | None = None,
    progress: Progress | None = None,
    keep: Callable[[Evaluation], None] | None = None,
    tell: Callable[[tuple[str, ...]], None] | None = None,
) -> Evaluation:
    """Answer `base` for each strategy on each instrument; all begin on one session of it, see `period.shared`.

    `rates` are for capital in another currency. `tell` is called with the instruments that are about to be tried,
    `keep` with what came of them.

    Raises
    ------
    InvalidInput: there is no such measure, or the dates hold no session.
    """
    sessions_between(panel, base.start, base.end)
    measures = measures_for(metric)
    parts = []
    # within the day an instrument's rows are those on which it has a bar
    size = BLOCK if panel.stamps is None else 1
    for begin in range(0, panel.columns, size):
        columns = range(begin, min(begin + size, panel.columns))
        if tell is not None:
            tell(tuple(str(panel.instruments[column].id) for column in columns))
        parts.append(_block(strategies, base, panel.select(columns), metric, measures, rates))
        if keep is not None:
            keep(parts[-1])
        if progress is not None:
            progress(columns.stop / panel.columns, f"{columns.stop:,} of {panel.columns:,} instruments")
    return joined(parts)


def joined(parts: Sequence[Evaluation]) -> Evaluation:
    """Return evaluations of the same strategies on different instruments as one."""
    symbols = tuple(symbol for part in parts for symbol in part.symbols)
    refused = {pair: why for part in parts for pair, why in part.refused.items()}
    values, starts = np.concatenate([p.values for p in parts]), np.concatenate([p.starts for p in parts])
    return replace(parts[0], symbols=symbols, values=values, starts=starts, refused=refused)


def _block(
    strategies: Sequence[Definition],
    base: BacktestSpec,
    panel: Panel,
    metric: str,
    measures: tuple[str, ...],
    rates: Rates | None,
) -> Evaluation:
    begun = _begun(strategies, base, panel)
    symbols = tuple(str(instrument.id) for instrument in panel.instruments)
    values = np.full((panel.columns, len(strategies), len(measures)), np.nan)
    left = ~begun.late
    if measures == KEPT and base.account is None:
        setting = Setting.of(panel, base.terms(panel.currency))
        apart = run_apart(strategies, base, setting, begun.first, begun.alone <= begun.first[:, None])
        left &= apart.left  # those are answered, or refused, below
        values[~apart.left] = apart.values[~apart.left]
    refused = {(symbols[c], strategies[p].name): begun.why(panel, c, p) for c, p in np.argwhere(begun.late).tolist()}
    for column in np.flatnonzero(left.any(axis=1)).tolist():
        waiting = np.flatnonzero(left[column]).tolist()
        one = replace(base, symbols=(symbols[column],), start=begun.start(panel, column, base.start))
        answers = _answer([strategies[place] for place in waiting], one, panel.select([column]), measures, rates)
        for place, answer in zip(waiting, answers, strict=True):
            if isinstance(answer, InvalidInput):
                refused[symbols[column], strategies[place].name] = answer.message
            else:
                values[column, place] = answer
    names = tuple(definition.name for definition in strategies)
    return Evaluation(metric, symbols, names, measures, values, begun.starts(panel), refused)


@dataclass(frozen=True, slots=True)
class _Begun:
    # by instrument: the row all strategies begin on; by instrument and strategy: the first they could, and who is late
    plans: tuple[Plan, ...]
    alone: NDArray[np.int64]
    first: NDArray[np.int64]
    late: NDArray[np.bool_]
    stop: int

    def start(self, panel: Panel, column: int, asked: date | None) -> date | None:
        day: date | None = None if self.first[column] == NEVER else panel.sessions[self.first[column]].item()
        return asked if day is None else day

    def starts(self, panel: Panel) -> NDArray[np.datetime64]:
        days = panel.sessions[np.minimum(self.first, panel.rows - 1)].astype("datetime64[D]")
        return np.where(self.first == NEVER, np.datetime64("NaT"), days)

    def why(self, panel: Panel, column: int, place: int) -> str:
        alone, first = int(self.alone[column, place]), int(self.first[column])
        return too_late(self.plans[place], panel, alone, first, self.stop).message


def _begun(strategies: Sequence[Definition], base: BacktestSpec, panel: Panel) -> _Begun:
    asked, stop = panel.row_range(base.start, base.end)
    plans = tuple(plan_for_days(plan_of(definition), rows_a_day(panel)) for definition in strategies)
    listed = first_bars(panel).tolist()
    alone = np.array([[first_row(plan.warmup, each, asked, stop) for plan in plans] for each in listed], np.int64)
    first, late = shared(alone, stop)
    return _Begun(plans, alone, from_session(first, panel, stop), late, stop)


def _answer(
    strategies: Sequence[Definition],
    base: BacktestSpec,
    panel: Panel,
    measures: tuple[str, ...],
    rates: Rates | None,
) -> list[Values | InvalidInput]:
    setting = Setting.of(panel, base.terms(panel.currency))
    setting = setting.paid(paid_from(base, panel, rates, *panel.row_range(base.start, base.end)))
    together = Together(base, setting)
    answers: list[Values | InvalidInput] = [np.full(len(measures), np.nan) for _ in strategies]
    for place, story in together.stories(strategies):
        answers[place] = story if isinstance(story, InvalidInput) else measured(story, measures)
    return answers
