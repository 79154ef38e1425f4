"""The same strategy a bar later, and at twice the cost."""

from __future__ import annotations

from dataclasses import replace

from midas.backtest.bias.finding import BiasFinding, Verdict
from midas.backtest.result import Result
from midas.backtest.run import run
from midas.backtest.spec import MAX_COST_BPS
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition

_SUSPICIOUS_SHARPE = 3.0
_NOTABLE_SHARPE = 0.5
_LOST = 0.5


def reruns(definition: Definition, panel: Panel) -> tuple[BiasFinding, BiasFinding]:
    """Tell what is left of a result when decisions come a bar later, and when every cost is paid twice."""
    plain = run(definition, panel)
    late = replace(definition, targets=definition.targets.shift(1))
    paid_bps = 1e4 * plain.costs["total"] / plain.costs["traded"] if plain.costs["traded"] else 0.0
    dear = run(definition, panel, slippage_bps=min(max(paid_bps, 0.0), MAX_COST_BPS))
    return _delay(_sharpe(plain), _sharpe(run(late, panel))), _cost(_return(plain), _return(dear), paid_bps)


def _delay(prompt: float | None, later: float | None) -> BiasFinding:
    if prompt is None or later is None:
        return BiasFinding("delay", Verdict.FINE, "There is no Sharpe ratio to compare: too few days, or no trades.")
    told = f"Sharpe {prompt:.2f}; decided on data one bar older {later:.2f}."
    lost = later < (1.0 - _LOST) * prompt
    if lost and prompt > _SUSPICIOUS_SHARPE:
        return BiasFinding("delay", Verdict.LEAK, f"{told} So much does not hang on one bar unless that bar was known.")
    if lost and prompt > _NOTABLE_SHARPE:
        return BiasFinding("delay", Verdict.WARNING, f"{told} Half of it or more hangs on acting at once.")
    return BiasFinding("delay", Verdict.FINE, told)


def _cost(once: float, twice: float, paid_bps: float) -> BiasFinding:
    told = f"Total return {once:.1%}; with {paid_bps:.1f} bps more per trade, twice its costs, {twice:.1%}."
    if once > 0.0 and twice < (1.0 - _LOST) * once:
        return BiasFinding("cost", Verdict.WARNING, f"{told} Half of it or more goes when costs double.")
    return BiasFinding("cost", Verdict.FINE, told)


def _sharpe(result: Result) -> float | None:
    found = result.summary["sharpe"]
    return None if found is None or not result.costs["traded"] else float(found)


def _return(result: Result) -> float:
    return float(result.summary["total_return"] or 0.0)
