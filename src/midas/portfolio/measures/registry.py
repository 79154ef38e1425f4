"""All measures."""

from __future__ import annotations

from collections.abc import Mapping

from midas.portfolio.measures.activity import ACTIVITY
from midas.portfolio.measures.drawdown import DRAWDOWN
from midas.portfolio.measures.measure import Measure, Need, Number
from midas.portfolio.measures.ratios import RATIOS
from midas.portfolio.measures.relative import RELATIVE
from midas.portfolio.measures.returns import RETURNS
from midas.portfolio.measures.sample import QUARTER_DAYS, Sample
from midas.portfolio.measures.tails import TAILS
from midas.portfolio.measures.trading import TRADING

_MISSING: Mapping[Need, str] = {
    "quarter": f"It is given per year, and the run is shorter than {QUARTER_DAYS} days.",
    "trades": "No trade was closed.",
    "benchmark": "There is no benchmark.",
}

MEASURES: tuple[Measure, ...] = (*RETURNS, *RATIOS, *DRAWDOWN, *ACTIVITY, *TRADING, *RELATIVE, *TAILS)


def by_key() -> Mapping[str, Measure]:
    """Return the measures by their keys."""
    return {measure.key: measure for measure in MEASURES}


def summarise(sample: Sample) -> dict[str, Number | None]:
    """Return every measure of a sample, None where one is not defined."""
    return {measure.key: measure.of(sample) for measure in MEASURES}


def absences(sample: Sample, summary: Mapping[str, Number | None]) -> dict[str, str]:
    """Return why each measure without a value has none."""
    return {measure.key: _why(measure, sample) for measure in MEASURES if summary[measure.key] is None}


def _why(measure: Measure, sample: Sample) -> str:
    for need in measure.needs:
        if need not in sample.offered:
            return _MISSING[need]
    return "It is not defined here: there is nothing to divide by, or too few values."
