"""What each strategy of a mix asked for."""

from __future__ import annotations

import numpy as np
import polars as pl

from midas.backtest.frames import Names
from midas.backtest.window import Window
from midas.factors.evaluate import evaluate
from midas.factors.periods import calendar_of, rows_a_day
from midas.factors.plan import compile_plan, plan_for_days
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition
from midas.strategies.schedule import speaking_rows

SCHEMA = {"ts": pl.Date, "strategy": pl.String, "symbol": pl.String, "target": pl.Float64}


def contributions(definition: Definition, panel: Panel, rows: Window) -> pl.DataFrame:
    """Return ts, strategy, symbol, target wherever a part's target changed, its share included; first from nothing.

    A target lasts until the next row of its strategy and symbol; those of all parts sum to the mix's. A strategy that
    is in a mix twice is told apart by its place: name, then name-2.
    """
    names = Names.of(panel, 1.0)
    frames = [pl.DataFrame(schema=SCHEMA)]
    wanted = speaking_rows(definition.every, calendar_of(panel), panel, rows.first, rows.stop)
    for part, called in zip(definition.mix, _called(definition), strict=True):
        plan = plan_for_days(compile_plan(part.targets), rows_a_day(panel))
        read_from = max(0, rows.first - plan.lookback)
        values = np.nan_to_num(evaluate(plan, panel, read_from, rows.stop, wanted, state_from=rows.first))
        row, column = np.nonzero(np.diff(values, axis=0, prepend=0.0))
        told = {"ts": names.time(wanted[row]), "strategy": pl.Series([called]).new_from_index(0, len(row))}
        frames.append(pl.DataFrame({**told, "symbol": names.id(column), "target": values[row, column]}))
    return pl.concat(frames[1:] or frames).sort("ts", "strategy", "symbol")


def _called(definition: Definition) -> list[str]:
    names = [part.name for part in definition.mix]
    before = [names[:place].count(name) for place, name in enumerate(names)]
    return [name if count == 0 else f"{name}-{count + 1}" for name, count in zip(names, before, strict=True)]
