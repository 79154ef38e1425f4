"""Many accounts of one instrument each, side by side: the quick way to questions that only ask for sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from midas.backtest.sampling import sessions_in_a_year
from midas.backtest.setting import Setting
from midas.kernels.lane_account import run_lanes
from midas.kernels.world import DELISTING, SPLITTING
from midas.marketdata.actions import ActionKind
from midas.portfolio.measures.sample import DAYS_PER_YEAR, FLAT, QUARTER_DAYS
from midas.strategies.schedule import Every

Values = NDArray[np.float64]
Rows = NDArray[np.int64]

KEPT = (
    "total_return", "cagr", "volatility", "sharpe", "sortino", "calmar", "max_drawdown", "time_in_market", "trades",
    "win_rate", "fees",
)  # fmt: skip
"""The measures these accounts can tell, in this order."""

THREADS = 2


@dataclass(frozen=True, slots=True)
class Lanes:
    """Accounts of one setting that end together.

    firsts : each account's first row. columns : its instrument. stop : the row after the last.
    """

    setting: Setting
    every: Every
    firsts: Rows
    columns: Rows
    stop: int

    def run(self, weights: Values, speaks: Rows, begin: int, end: int, out: Values) -> None:
        """Run accounts begin..end on weights (speaking row, account) and write their sums to out[account]."""
        world, terms = self.setting.world, self.setting.terms
        run_lanes(
            weights, speaks, self.firsts, self.columns, begin, end, self.stop, terms.capital.minor,
            self.every is Every.CHANGE, self.every is Every.ONCE, world.opens, world.highs, world.lows, world.closes,
            world.volumes, world.happenings, world.class_of, world.dated, world.ladders, world.terms, out,
        )  # fmt: skip

    def measures(self, sums: Values) -> Values:
        """Return (account, measure) of `KEPT`, NaN where undefined, from what the accounts left."""
        panel, scale = self.setting.panel, float(self.setting.world.terms[2])
        last, total, squares, shortfall, held, trades, wins, fees, low, peak = sums.T
        begun = self.setting.terms.capital.minor / scale
        days = (panel.sessions[self.stop - 1] - panel.sessions[self.firsts]).astype("timedelta64[D]").astype(np.float64)
        years, year = days / DAYS_PER_YEAR, self._sessions_per_year()
        n = (self.stop - self.firsts - 1).astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = total / n
            deviation = np.sqrt(np.maximum(squares - total * mean, 0.0) / (n - 1.0))
            deviation = np.where((n > 1) & (deviation > FLAT), deviation, 0.0)
            growth = last / scale / begun
            cagr = np.where(years > 0, growth ** (1.0 / years) - 1.0, np.nan)
            fall = low / peak - 1.0
            downside = np.sqrt(shortfall / n)
            told = (
                growth - 1.0,
                cagr,
                np.where(n > 1, deviation * np.sqrt(year), np.nan),
                _ratio(mean, deviation) * np.sqrt(year),
                _ratio(mean, downside) * np.sqrt(year),
                _ratio(cagr, -fall),
                fall,
                _ratio(held, n),
                trades,
                _ratio(wins, trades),
                fees / scale,
            )
        values = np.column_stack(told)
        values[days < QUARTER_DAYS, 1:6] = np.nan
        values[np.isnan(last)] = np.nan
        return values

    def _sessions_per_year(self) -> Values:
        panel, calendar = self.setting.panel, self.setting.market.calendar
        found = {
            first: sessions_in_a_year(panel, calendar, first, self.stop) for first in np.unique(self.firsts).tolist()
        }
        return np.array([found[first] for first in self.firsts.tolist()])


def in_threads(work: Callable[[int, int], None], items: int, threads: int = THREADS) -> None:
    """Call work(thread, item) for every item, each thread taking the next one there is."""
    queue = count()

    def pull(thread: int) -> None:
        while (item := next(queue)) < items:
            work(thread, item)

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(pull, thread) for thread in range(min(threads, items))]:
            done.result()


def are_plain(setting: Setting, exits: Sequence[object]) -> bool:
    """Tell whether these accounts live through everything that happens: no exits, and dealing by the plain rules.

    They are measured on every bar, so every bar must be a session's close.
    """
    if setting.panel.stamps is not None:
        return False
    dealing = set(setting.terms.dealing.to_json()) - {"delisting_recovery"}
    known = (SPLITTING, DELISTING, float(ActionKind.CASH_DIVIDEND))
    return not exits and not dealing and bool(np.isin(setting.world.happenings[:, 2], known).all())


def _ratio(above: Values, below: Values) -> Values:
    quotient: Values = np.divide(above, below, out=np.full(len(above), np.nan), where=below != 0.0)
    return quotient
