"""A result over prices that might as well have been: how much of it hangs on the last digits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from midas.backtest.monte_carlo import MonteCarlo, Outcomes, summed_up
from midas.backtest.run import Progress, run_spec
from midas.backtest.spec import BacktestSpec
from midas.core.basis import Basis
from midas.core.errors import InvalidInput
from midas.marketdata.panel import Panel
from midas.marketdata.tiles import Tiles

MOST_PATHS = 1_000
_PRICES = ("open", "high", "low", "close", "raw_open", "raw_high", "raw_low", "raw_close", "turnover")


def noisy(spec: BacktestSpec, panel: Panel, paths: int, size: float, progress: Progress | None = None) -> MonteCarlo:
    """Run a spec again on blurred prices, see `blurred`; the same spec and panel give the same paths.

    `panel` is the one of the spec's instruments. The runs are compared with that of the prices as they are, under the
    same rules: blurred prices were never quoted, so neither ticks nor limits apply.

    Raises
    ------
    InvalidInput: too few or too many paths, or a size that is not above 0 and at most 1.
    """
    if not 1 <= paths <= MOST_PATHS:
        raise InvalidInput(
            f"The number of paths cannot be {paths}.",
            hint=f"Each path is a run of its own: use 1 to {MOST_PATHS:,}, e.g. 100.",
            code="bad_paths",
        )
    if not 0.0 < size <= 1.0:
        raise InvalidInput(
            f"The noise cannot be {size}.",
            hint="Use a share of each name's daily volatility above 0 and up to 1, e.g. 0.2.",
            code="bad_noise",
        )
    alone = replace(spec, benchmark=None)
    unquoted = replace(panel, basis=Basis.SPLIT_ADJUSTED) if panel.basis.is_raw else panel
    observed = _outcome(alone, unquoted)
    drawn = []
    for path in range(paths):
        drawn.append(_outcome(alone, blurred(unquoted, size, np.random.default_rng(path))))
        if progress is not None:
            progress((path + 1) / paths, f"{path + 1:,} of {paths:,} runs")
    return summed_up("noise", Outcomes.joined(drawn), observed)


def blurred(panel: Panel, size: float, rng: np.random.Generator) -> Panel:
    """Return a panel whose every bar is moved a little, independently of every other, up or down as a whole.

    A bar's prices are multiplied by exp(size · σ · ε), σ the standard deviation of its name's daily log returns, ε
    standard normal: open, high, low and close keep their order, volume and gaps stay.
    """
    closes = panel.tiles("close")
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = np.diff(np.log(closes), axis=1)
    moves = np.where(np.isfinite(moves), moves, np.nan)
    known = np.isfinite(moves).sum(axis=1, keepdims=True)
    mean = np.nansum(moves, axis=1, keepdims=True) / np.maximum(known, 1)
    spread = np.sqrt(np.nansum((moves - mean) ** 2, axis=1, keepdims=True) / np.maximum(known - 1, 1))
    factor = np.exp(size * spread * rng.standard_normal(closes.shape))
    moved: dict[int, Tiles] = {}
    fields: dict[str, Tiles] = {}
    for name, tiles in panel.fields.items():
        if name in _PRICES:
            # fields that are one array stay one array
            tiles = moved.setdefault(id(tiles), np.ascontiguousarray(tiles * factor))
        fields[name] = tiles
    return replace(panel, fields=fields)


def _outcome(spec: BacktestSpec, panel: Panel) -> Outcomes:
    summary = run_spec(spec, panel).summary
    found = (summary[name] for name in ("total_return", "sharpe", "max_drawdown"))
    return Outcomes(*(np.array([np.nan if value is None else float(value)]) for value in found))
