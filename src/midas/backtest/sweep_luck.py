"""What a sweep's best is worth once it is known how much was tried."""

from __future__ import annotations

import math

import numpy as np

from midas.backtest.hypothesis import configuration_of
from midas.backtest.overfitting import probability_of_overfitting
from midas.backtest.setting import Setting
from midas.backtest.spec import BacktestSpec
from midas.backtest.sweep import Sweep
from midas.backtest.together import Together
from midas.core.errors import InvalidInput
from midas.marketdata.panel import Panel
from midas.portfolio.measures.sample import simple_returns

MOST_COMPARED = 64
"""So many trials are compared between halves of the time; of more, as many that are spread evenly."""


def configurations(sweep: Sweep, base: BacktestSpec) -> list[str]:
    """Return the configuration of each trial, as the trial ledger knows it."""
    made = (sweep.plan.subject.definition(sweep.trials.params(trial)) for trial in range(len(sweep.trials)))
    return [configuration_of(definition, base.symbols, base.start, base.end, base.dealing) for definition in made]


def overfitting(sweep: Sweep, base: BacktestSpec, panel: Panel) -> float | None:
    """Return how often the best of the past fell below the middle afterwards, over the sessions all trials share."""
    count = len(sweep.trials)
    # The best of all is not put among them: chosen on the whole past, it would win both halves and hide the danger.
    places = sorted({int(at) for at in np.linspace(0, count - 1, min(count, MOST_COMPARED))})
    definitions = [sweep.plan.subject.definition(sweep.trials.params(place)) for place in places]
    together = Together(base, Setting.of(panel, base.terms(panel.currency)))
    returns = [
        simple_returns(story.simulation.equity / story.scale)
        for _, story in together.stories(definitions)
        if not isinstance(story, InvalidInput)
    ]
    shortest = min((len(each) for each in returns), default=0)
    if shortest == 0:
        return None
    found = probability_of_overfitting(np.column_stack([each[len(each) - shortest :] for each in returns]))
    return found if found is None or math.isfinite(found) else None
