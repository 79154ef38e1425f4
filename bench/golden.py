"""Make tests/portfolio/golden/conventions.json: other libraries' own numbers for the runs of golden_series.

usage: golden.py series FILE.json       with Midas's Python: write the runs out
       golden.py LIBRARY FILE.json      with a Python that has the library: print its numbers as JSON
       golden.py all PYTHON...          with Midas's Python: do both, LIBRARY=PYTHON for each, and write the file
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import tempfile
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsFloat

if TYPE_CHECKING:
    import pandas as pd

GOLDEN = Path(__file__).parents[1] / "tests" / "portfolio" / "golden" / "conventions.json"
Numbers = dict[str, float | int | None]

ALONE = """
    comp cagr rar expected_return volatility sharpe smart_sharpe autocorr_penalty sortino smart_sortino
    adjusted_sortino probabilistic_sharpe_ratio probabilistic_sortino_ratio omega gain_to_pain_ratio
    max_drawdown calmar ulcer_index ulcer_performance_index serenity_index recovery_factor value_at_risk
    conditional_value_at_risk tail_ratio outlier_win_ratio outlier_loss_ratio exposure win_rate avg_return
    avg_win avg_loss best worst consecutive_wins consecutive_losses payoff_ratio profit_factor profit_ratio
    cpc_index common_sense_ratio risk_return_ratio kelly_criterion risk_of_ruin skew kurtosis
"""
"""Functions of quantstats.stats that take returns alone."""


def quantstats(run: dict[str, Any]) -> Numbers:
    import quantstats as qs

    returns, benchmark = _returns(run, "equity"), _returns(run, "benchmark")
    alone = ALONE.split()
    found = {name: getattr(qs.stats, name)(returns) for name in alone}
    greeks = qs.stats.greeks(returns, benchmark)
    found |= {"beta": greeks["beta"], "alpha": greeks["alpha"]}
    for name in ("r_squared", "information_ratio", "treynor_ratio"):
        found[name] = getattr(qs.stats, name)(returns, benchmark)
    return found


def pyfolio(run: dict[str, Any]) -> Numbers:
    import pandas as pd
    from pyfolio.timeseries import perf_stats

    days = pd.to_datetime(run["days"])
    value = pd.Series(run["held"], days) * pd.Series(run["equity"], days)
    positions = pd.DataFrame({"X": value, "cash": pd.Series(run["equity"], days) - value})
    traded = pd.Series(run["traded"], days)
    traded = traded[traded > 0]
    transactions = pd.DataFrame({"amount": 1.0, "price": traded, "symbol": "X"}, index=traded.index)
    return dict(perf_stats(_returns(run, "equity"), _returns(run, "benchmark"), positions, transactions))


def freqtrade(run: dict[str, Any]) -> Numbers:
    import pandas as pd

    m = _freqtrade_metrics()
    days = pd.to_datetime(run["days"], utc=True)
    capital, first, last = run["equity"][0], days[0], days[-1]
    trades = pd.DataFrame({"close_date": pd.to_datetime(run["exit_days"], utc=True), "profit_abs": run["profit"]})
    wallet = pd.DataFrame({"date": days, "total_quote": run["equity"]})
    fall = m.calculate_max_drawdown(trades, starting_balance=capital)
    deepest = m.calculate_max_drawdown(trades, starting_balance=capital, relative=True)
    expectancy, ratio = m.calculate_expectancy(trades)
    return {
        "cagr": m.calculate_cagr((last - first).days, capital, capital + sum(run["profit"])),
        "sharpe": m.calculate_sharpe(trades, first, last, capital),
        "sortino": m.calculate_sortino(trades, first, last, capital),
        "calmar": m.calculate_calmar(trades, first, last, capital),
        "sqn": m.calculate_sqn(trades, capital),
        "expectancy": expectancy,
        "expectancy_ratio": ratio,
        "max_drawdown_abs": fall.drawdown_abs,
        "max_drawdown_account": fall.relative_account_drawdown,
        "max_relative_drawdown": deepest.relative_account_drawdown,
        "sharpe_from_balance": m.calculate_sharpe_from_balance(wallet),
        "sortino_from_balance": m.calculate_sortino_from_balance(wallet),
        "calmar_from_balance": m.calculate_calmar_from_balance(wallet),
        "max_drawdown_from_balance": m.calculate_max_drawdown_from_balance(wallet).relative_account_drawdown,
    }


def qlib(run: dict[str, Any]) -> Numbers:
    from qlib.contrib.evaluate import risk_analysis

    returns, benchmark = _returns(run, "equity"), _returns(run, "benchmark")
    found = dict(risk_analysis(returns, freq="day")["risk"])
    excess = dict(risk_analysis(returns - benchmark, freq="day")["risk"])
    return found | {f"excess_return_with_cost.{name}": value for name, value in excess.items()}


LIBRARIES: dict[str, tuple[Callable[[dict[str, Any]], Numbers], tuple[str, ...]]] = {
    "quantstats": (quantstats, ("quantstats",)),
    "pyfolio": (pyfolio, ("pyfolio-reloaded", "empyrical-reloaded")),
    "freqtrade": (freqtrade, ("freqtrade",)),
    "qlib": (qlib, ("pyqlib",)),
}


def measured(library: str, runs: dict[str, Any]) -> dict[str, Any]:
    """Return a library's versions and its numbers of every run."""
    of, packages = LIBRARIES[library]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        numbers = {name: {key: _plain(value) for key, value in of(run).items()} for name, run in runs.items()}
    packages = (*packages, "numpy", "pandas")
    return {"versions": {each: importlib.metadata.version(each) for each in packages}, "runs": numbers}


def series() -> dict[str, Any]:
    """Return the runs as plain lists."""
    from dataclasses import fields

    from bench.golden_series import CASES, Run, run_of, stocks

    prices = stocks()
    found = {}
    for name, case in CASES.items():
        run = run_of(case, prices)
        each = {field.name: getattr(run, field.name) for field in fields(Run)}
        found[name] = {key: (v.astype(str) if v.dtype.kind == "M" else v).tolist() for key, v in each.items()}
    return found


def _returns(run: dict[str, Any], of: str) -> pd.Series:
    import pandas as pd

    return pd.Series(run[of], pd.to_datetime(run["days"])).pct_change().dropna()


def _plain(value: SupportsFloat) -> float | int | None:
    # numpy's integers have bit_length, floats do not
    return int(float(value)) if hasattr(value, "bit_length") else float(value)


def _freqtrade_metrics() -> types.ModuleType:
    # the statistics alone: freqtrade's own package file imports the whole bot
    import freqtrade

    package = types.ModuleType("freqtrade.data")
    package.__path__ = [str(Path(freqtrade.__file__).parent / "data")]
    sys.modules["freqtrade.data"] = package
    return importlib.import_module("freqtrade.data.metrics")


def _all(pythons: list[str]) -> None:
    runs = series()
    found: dict[str, Any] = {
        "made_by": "bench/golden.py all, from the runs of bench/golden_series.py",
        "last_equity": {name: run["equity"][-1] for name, run in runs.items()},
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "runs.json"
        file.write_text(json.dumps(runs))
        for pair in pythons:
            library, _, python = pair.partition("=")
            done = subprocess.run(
                [python, __file__, library, str(file)], capture_output=True, text=True, check=True, cwd=folder
            )
            found[library] = json.loads(done.stdout.splitlines()[-1])
    GOLDEN.write_text(json.dumps(found, indent=1) + "\n")


def main() -> None:
    what, *rest = sys.argv[1:]
    if what == "all":
        _all(rest)
    elif what == "series":
        Path(rest[0]).write_text(json.dumps(series()))
    else:
        print(json.dumps(measured(what, json.loads(Path(rest[0]).read_text()))))


if __name__ == "__main__":
    main()
