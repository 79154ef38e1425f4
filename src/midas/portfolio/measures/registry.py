"""All measures."""

from __future__ import annotations

from collections.abc import Mapping

from midas.portfolio.measures.activity import ACTIVITY
from midas.portfolio.measures.drawdown import DRAWDOWN
from midas.portfolio.measures.measure import Measure, Number
from midas.portfolio.measures.ratios import RATIOS
from midas.portfolio.measures.relative import RELATIVE
from midas.portfolio.measures.returns import RETURNS
from midas.portfolio.measures.sample import Sample
from midas.portfolio.measures.tails import TAILS
from midas.portfolio.measures.trading import TRADING

MEASURES: tuple[Measure, ...] = (*RETURNS, *RATIOS, *DRAWDOWN, *ACTIVITY, *TRADING, *RELATIVE, *TAILS)


def by_key() -> Mapping[str, Measure]:
    """Return the measures by their keys."""
    return {measure.key: measure for measure in MEASURES}


def summarise(sample: Sample) -> dict[str, Number | None]:
    """Return every measure of a sample, None where one is not defined."""
    return {measure.key: measure.of(sample) for measure in MEASURES}
